extension PhraseMaker {
    /// What an event says of its circumstances: what is played, who locked, which appointment.
    func detail(for state: String) -> String {
        switch entity.shape.domain {
        case "media_player":
            return state == "playing" ? playing() : ""
        case "lock", "alarm_control_panel": return facts.text(.changedBy).map { " by \($0)" } ?? ""
        case "calendar": return state == "on" ? facts.text(.message).map { ": \($0)" } ?? "" : ""
        case "vacuum", "lawn_mower": return state == "error" ? facts.text(.error).map { ": \($0)" } ?? "" : ""
        default: return ""
        }
    }

    /// ` "Title" by Artist`, or where it comes from.
    private func playing() -> String {
        let title = facts.text(.mediaTitle) ?? facts.text(.mediaSeries)
        let source = facts.text(.mediaArtist) ?? facts.text(.appName)
        return (title.map { " \"\($0)\"" } ?? "") + (source.map { title == nil ? " from \($0)" : " by \($0)" } ?? "")
    }

    /// What changed along with the state.
    func companions() -> String {
        facts.attributes.filter { $0.movement != .detail }.compactMap { attribute in
            guard let words = words(attribute) else { return nil }
            // "Was turned off" needs no "and is off"; that something began is news.
            let isAction = attribute.name == .hvacAction || attribute.name == .action
            return isAction && words.polarity != .active ? nil : " and \(words.text)"
        }.joined()
    }

    /// What changed while the state stayed.
    func attributePhrase() -> Phrase {
        let changed = facts.attributes.filter { $0.movement != .detail }
        if let action = changed.first(where: { $0.name == .hvacAction || $0.name == .action }),
            case .text(let text) = action.value
        {
            let meaning = AttributeWords.action(text)
            return Phrase(meaning.words, "action:\(text)", meaning.polarity)
        }
        if entity.shape.domain == "event" {
            return Phrase(
                EventWords.eventType(facts.text(.eventType) ?? "", deviceClass: entity.shape.deviceClass),
                "event:\(facts.text(.eventType) ?? "")", .active)
        }
        if let first = changed.first, [.mediaTitle, .mediaArtist, .appName].contains(first.name) {
            return Phrase("is now playing\(playing())", "attr:media", .active)
        }
        let told = changed.compactMap { words($0) }
        guard let first = told.first else { return stillPhrase() }
        // Colours come as several attributes that say the same.
        let texts = told.map(\.text).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let names = changed.map { $0.name.key }.sorted().joined(separator: ",")
        return Phrase(texts.prefix(3).joined(separator: " and "), "attr:\(names)", first.polarity)
    }

    /// Neither the state nor anything worth telling changed.
    private func stillPhrase() -> Phrase {
        switch facts.new {
        case .number(let number): return numberChange(number, .same)
        case .text(let state):
            return Phrase(
                "\(entity.shape.states[state]?.stands ?? "is \(OneLine.state(state))") as before, details changed",
                "attr")
        default: return Phrase("reported new details", "attr")
        }
    }

    private func words(_ attribute: EventFacts.Attribute) -> (text: String, polarity: Polarity)? {
        let direction = attribute.movement == .up ? "up" : attribute.movement == .down ? "down" : "any"
        switch attribute.value {
        case .number(let number):
            let row = AttributeWords.numberRow(attribute.name, direction)
            guard let row else { return nil }
            return (
                row.text.replacing(
                    "{}", with: AttributeWords.text(number, of: attribute.name, unit: entity.shape.unit)),
                row.polarity
            )
        case .text(let text):
            if attribute.name == .hvacAction || attribute.name == .action {
                let meaning = AttributeWords.action(text)
                return (meaning.words, meaning.polarity)
            }
            guard let row = AttributeWords.row(attribute.name, "any") else { return nil }
            return (row.text.replacing("{}", with: OneLine.words(text)), row.polarity)
        case .flag(let flag):
            guard let row = AttributeWords.row(attribute.name, flag ? "yes" : "no") else { return nil }
            return (row.text, row.polarity)
        case .other:
            guard let row = AttributeWords.row(attribute.name, "any") else { return nil }
            return (row.text.replacing(" to {}", with: "").replacing("{}", with: ""), row.polarity)
        }
    }
}
