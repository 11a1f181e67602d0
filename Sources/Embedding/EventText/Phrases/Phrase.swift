/// What happened, in words, and as what kind of change.
struct Phrase {
    /// The part after the subject, such as `was opened`.
    var text: String
    var transition: String
    var polarity: Polarity

    init(_ text: String, _ transition: String, _ polarity: Polarity = .neutral) {
        self.text = text
        self.transition = transition
        self.polarity = polarity
    }
}

/// Puts facts into words.
struct PhraseMaker {
    let facts: EventFacts
    let entity: EntityFacts

    /// What happened to the entity.
    func phrase() -> Phrase {
        switch facts.form {
        case .removed: return Phrase("was removed, deleted", "removed", .rest)
        case .attributes: return attributePhrase()
        case .standing: return standing(facts.new, transition: "is:\(word(facts.new))")
        case .added:
            var phrase = standing(facts.new, transition: "added")
            phrase.text = "was added, is new, and \(phrase.text)"
            return phrase
        case .changed, .other: return change()
        }
    }

    private func change() -> Phrase {
        switch facts.new {
        case .unavailable: return Phrase("became unavailable, went offline", "unavailable", .active)
        case .unknown: return Phrase("became unknown, has no known state", "unknown")
        default: break
        }
        if facts.old == .unavailable {
            var phrase = standing(facts.new, transition: "available")
            phrase.text = "is available again, back online, and \(phrase.text)"
            phrase.polarity = .rest
            return phrase
        }
        switch facts.new {
        case .none, .unavailable, .unknown: return Phrase("was updated", "updated")
        case .moment: return moment()
        case .number(let number): return numberChange(number, facts.movement)
        case .text(let state): return textChange(state)
        }
    }

    // MARK: States in words

    private func textChange(_ state: String) -> Phrase {
        let transition: String
        switch entity.shape.domain {
        case "weather": transition = "to:\(state)"
        case "text", "input_text": transition = "set"
        default: transition = "\(word(facts.old))>\(word(facts.new))"
        }
        var phrase: Phrase
        if let words = entity.shape.states[state] {
            phrase = Phrase(turnedOn(state) + words.became, transition, words.polarity)
        } else {
            phrase = Phrase(turnedOn(state) + unlisted(state), transition, .neutral)
        }
        if let lasting = lasting() { phrase.text += " after being \(lasting)" }
        phrase.text += detail(for: state) + companions()
        return phrase
    }

    /// A device that was off and now does something was turned on, too.
    private func turnedOn(_ state: String) -> String {
        guard case .text(let old) = facts.old, ["off", "standby"].contains(old),
            !["off", "standby", "on"].contains(state),
            ["media_player", "climate", "water_heater"].contains(entity.shape.domain)
        else { return "" }
        return "was turned on, switched on, and "
    }

    /// A state that no table knows: a place, an option, a program's own word.
    private func unlisted(_ state: String) -> String {
        let words = OneLine.state(state)
        return switch entity.shape.domain {
        case "person", "device_tracker": "arrived at \(words), is at \(words)"
        case "select", "input_select": "was set to \(words)"
        case "text", "input_text": "was set to \"\(words)\""
        case "input_datetime", "time", "date", "datetime": "was set to another time"
        case "climate", "water_heater", "humidifier": "was set to \(words)"
        default: "changed to \(words)"
        }
    }

    private func lasting() -> String? {
        guard let duration = facts.lasted.words, case .text(let old) = facts.old,
            let words = entity.shape.states[old]?.lasting
        else { return nil }
        return "\(words) for \(duration)"
    }

    /// Says how the entity is, with no word of a change.
    private func standing(_ state: EventFacts.State, transition: String) -> Phrase {
        switch state {
        case .none, .moment: return Phrase("is there", transition)
        case .unavailable: return Phrase("is unavailable, offline", transition, .active)
        case .unknown: return Phrase("is unknown", transition)
        case .number(let number):
            return Phrase(
                "is at about \(entity.shape.numberWords.text(number))" + level(number), transition, .neutral)
        case .text(let text):
            guard let words = entity.shape.states[text] else {
                return Phrase(
                    "is \(["person", "device_tracker"].contains(entity.shape.domain) ? "at " : "")\(OneLine.state(text))",
                    transition)
            }
            return Phrase(words.stands + detail(for: text), transition, words.polarity)
        }
    }

    /// A state in a transition.
    private func word(_ state: EventFacts.State) -> String {
        switch state {
        case .none: ""
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        case .moment: "moment"
        case .number: "number"
        case .text(let text): entity.shape.states[text] == nil ? OneLine.state(text) : text
        }
    }

    // MARK: Moments

    private func moment() -> Phrase {
        switch entity.shape.domain {
        case "button", "input_button": return Phrase("was pressed", "pressed", .active)
        case "scene": return Phrase("was activated, turned on", "activated", .active)
        case "event": return eventEntity()
        case "tag": return Phrase("was scanned", "scanned", .active)
        case "image", "camera": return Phrase("has a new picture", "moment")
        case "notify": return Phrase("sent a message", "moment", .active)
        case "input_datetime", "datetime", "date", "time": return Phrase("was set to another time", "moment")
        case "stt", "tts", "wake_word", "conversation", "ai_task": return Phrase("was used", "moment", .active)
        default: return Phrase("changed to a new time", "moment")
        }
    }

    private func eventEntity() -> Phrase {
        guard let type = facts.text(.eventType) else { return Phrase("was triggered", "event", .active) }
        let words = EventWords.eventType(type, deviceClass: entity.shape.deviceClass)
        return Phrase(words, "event:\(type)", .active)
    }

    // MARK: Numbers

    func numberChange(_ number: RoundedNumber, _ movement: EventFacts.Movement) -> Phrase {
        let text = entity.shape.numberWords.text(number)
        switch (entity.shape.domain, movement) {
        case ("counter", .up): return Phrase("counted up to about \(text)", "up", .active)
        case ("counter", .down): return Phrase("was reset or counted down to about \(text)", "down", .rest)
        case ("todo", .up): return Phrase("got a new item, something was added", "up", .active)
        case ("todo", .down): return Phrase("has an item less, something was done or removed", "down", .rest)
        case ("zone", .up): return Phrase("has more people, someone arrived", "up", .active)
        case ("zone", .down): return Phrase("has fewer people, someone left", "down", .rest)
        default: break
        }
        if entity.shape.numberWords.isSetting {
            let direction = movement == .up ? "set higher" : movement == .down ? "set lower" : "set"
            let transition = movement == .up ? "up" : movement == .down ? "down" : "set"
            return Phrase("was \(direction), to about \(text)", transition)
        }
        return switch movement {
        case .up: Phrase("rose to about \(text)\(level(number))", "up")
        case .down: Phrase("fell to about \(text)\(level(number))", "down")
        case .same: Phrase("stayed at about \(text)\(level(number))", "same")
        case .none, .detail: Phrase("is now at about \(text)\(level(number))", "number")
        }
    }

    private func level(_ number: RoundedNumber) -> String {
        entity.shape.numberWords.level(number).map { ", \($0)" } ?? ""
    }
}
