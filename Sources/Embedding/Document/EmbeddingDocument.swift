/// What is embedded of an event: a pure function of the event, of the registries of its house and of Home Assistant's time zone.
///
/// Kept once for each key in `home_assistant_embedding_documents`, so that a vector can be made, and made anew, without the event.
package struct EmbeddingDocument: Hashable, Sendable {
    /// The sentence in English, without time of day: `The door sensor "Front Door" in Hallway was opened`. NFC, one line.
    package var text: String
    /// The entity; `nil` for events of none.
    package var entityID: String?
    /// Domain and device class, such as `binary_sensor/door` or `light`; the event type for events of no entity.
    package var kind: String
    /// What kind of change it was, such as `off>on`, `up`, `unavailable`; equal changes of different entities have equal ones.
    package var transition: String
    /// The name of the area, where one is known.
    package var area: String?
    package var dayPart: DayPart
    package var polarity: Polarity

    package init(
        text: String, entityID: String?, kind: String, transition: String, area: String?, dayPart: DayPart,
        polarity: Polarity
    ) {
        self.text = text
        self.entityID = entityID
        self.kind = kind
        self.transition = transition
        self.area = area
        self.dayPart = dayPart
        self.polarity = polarity
    }
}

/// The five parts of the day by the clock of the house. Raw values are stored.
package enum DayPart: Int16, CaseIterable, Sendable {
    /// 22 to 5 o'clock.
    case night = 0
    /// 5 to 8 o'clock.
    case earlyMorning = 1
    /// 8 to 12 o'clock.
    case morning = 2
    /// 12 to 17 o'clock.
    case afternoon = 3
    /// 17 to 22 o'clock.
    case evening = 4

    /// The part to which an hour, 0 to 23, belongs.
    package init(hour: Int) {
        switch hour {
        case 5..<8: self = .earlyMorning
        case 8..<12: self = .morning
        case 12..<17: self = .afternoon
        case 17..<22: self = .evening
        default: self = .night
        }
    }

    /// Its middle in hours; where the time block of the vector has its weight.
    package var centre: Double {
        switch self {
        case .night: 1.5
        case .earlyMorning: 6.5
        case .morning: 10
        case .afternoon: 14.5
        case .evening: 19.5
        }
    }
}

/// Whether something began or came to rest. Raw values are stored.
package enum Polarity: Int16, CaseIterable, Sendable {
    /// Neither, such as a new song.
    case neutral = 0
    /// On, open, detected, away from rest.
    case active = 1
    /// Off, closed, cleared, back to rest.
    case rest = 2
}
