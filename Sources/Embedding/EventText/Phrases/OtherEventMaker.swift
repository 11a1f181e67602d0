/// Puts events that are no states into words.
struct OtherEventMaker {
    let facts: EventFacts
    let entity: EntityFacts?
    /// What the registries call an entity, in quotes and with its area; `nil` where they do not know it.
    let name: (String) -> String?

    /// The whole sentence without its full stop; `nil` where the event has no words.
    func phrase() -> Phrase? {
        guard let type = facts.eventType, !EventWords.silent.contains(type) else { return nil }
        if type == "call_service" { return callService() }
        if let template = EventWords.template(type) {
            return Phrase(filled(template.text), transition(type), template.polarity)
        }
        return custom(type)
    }

    private func transition(_ type: String) -> String {
        guard let kind = facts.text(.command) ?? facts.text(.action) ?? facts.text(.type) else { return type }
        return "\(type):\(kind)"
    }

    private func callService() -> Phrase {
        let domain = facts.text(.domain) ?? ""
        let service = facts.text(.service) ?? ""
        if domain == "notify" {
            return Phrase(
                "A notification, message was sent to \(OneLine.words(service)) by the service notify",
                "call_service:notify", .active)
        }
        let targets = facts.attributes.filter { $0.name == .target }.compactMap { target -> String? in
            guard case .text(let text) = target.value else { return nil }
            return name(text) ?? "\"\(OneLine.words(text.split(separator: ".").last ?? ""))\""
        }
        let device = DeviceWords.words(domain: domain, deviceClass: nil)
        var text: String
        if let words = ServiceWords.words(service) {
            text = "The service \(OneLine.words(domain)) was called, a command was sent to \(words) the \(device)"
        } else {
            text = "The service \(OneLine.words(domain)) was called, a command was sent: "
            text += "\(OneLine.words(service)) \(device)"
        }
        if !targets.isEmpty { text += " " + targets.joined(separator: " and ") }
        return Phrase(
            text, "call_service:\(domain).\(service)", ServiceWords.isRest(service) ? .rest : .active)
    }

    /// An event that only its own words tell.
    private func custom(_ type: String) -> Phrase? {
        let words = OneLine.words(type)
        guard words.contains(where: \.isLetter) else { return nil }
        let telling: [AttributeName] = [
            .name, .deviceName, .device, .title, .command, .action, .type, .subtype, .button, .gesture, .message, .text,
        ]
        let details = telling.compactMap { name in facts.text(name).map { OneLine.words($0) } }
        var text = entity.map { "\($0.subject): \(words)" } ?? "The event \(words) happened"
        if !details.isEmpty { text += ": " + details.prefix(3).joined(separator: ", ") }
        return Phrase(text, transition(type), .neutral)
    }

    /// `template` with the event's own words in place of the fields.
    private func filled(_ template: String) -> String {
        var output = ""
        var rest = template[...]
        while let start = rest.firstIndex(where: { $0 == "[" || $0 == "{" }) {
            output += rest[..<start]
            if rest[start] == "[" {
                guard let end = rest[start...].firstIndex(of: "]") else { break }
                let part = rest[rest.index(after: start)..<end]
                if let text = expanded(part) { output += text }
                rest = rest[rest.index(after: end)...]
            } else {
                guard let end = rest[start...].firstIndex(of: "}") else { break }
                output += expanded(rest[start...end]) ?? ""
                rest = rest[rest.index(after: end)...]
            }
        }
        return output + rest
    }

    /// A part without brackets; `nil` where one of its fields is missing.
    private func expanded(_ part: Substring) -> String? {
        var output = ""
        var rest = part
        while let start = rest.firstIndex(of: "{") {
            output += rest[..<start]
            guard let end = rest[start...].firstIndex(of: "}"), let text = field(rest[rest.index(after: start)..<end])
            else { return nil }
            output += text
            rest = rest[rest.index(after: end)...]
        }
        return output + rest
    }

    private func field(_ name: Substring) -> String? {
        switch name {
        case "subject": return entity?.subject ?? facts.text(.name).map { "\"\($0)\"" } ?? "It"
        case "entity_id": return facts.text(.entityID).map { self.name($0) ?? OneLine.words($0) }
        default: break
        }
        guard let attribute = AttributeName.allCases.first(where: { $0.key == name }) else { return nil }
        if case .number(let number)? = facts.value(attribute) { return number.text }
        guard let text = facts.text(attribute) else { return nil }
        // Names and messages as they are; what programs wrote, in words.
        return [.name, .message, .title, .text].contains(attribute)
            ? text : attribute == .source ? OneLine.words(text) : OneLine.words(text).lowercased()
    }
}
