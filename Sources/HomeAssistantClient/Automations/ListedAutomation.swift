/// An automation as the states of Home Assistant show it.
package struct ListedAutomation: Sendable, Equatable {
    /// What Home Assistant says of it.
    package enum State: Sendable, Equatable {
        case on
        case off
        /// Its configuration is not valid, it is being reloaded, or its file is gone.
        case unavailable
    }

    package var entityID: String
    /// The id in its configuration; `nil` where it has none.
    package var ownID: String?
    package var name: String
    package var state: State
    /// `single`, `restart`, `queued` or `parallel`; `nil` while it is unavailable.
    package var mode: String?
    /// Home Assistant remembers the entity, and has loaded no configuration for it.
    package var isRestored: Bool

    package init(
        entityID: String, ownID: String? = nil, name: String, state: State = .on, mode: String? = nil,
        isRestored: Bool = false
    ) {
        self.entityID = entityID
        self.ownID = ownID
        self.name = name
        self.state = state
        self.mode = mode
        self.isRestored = isRestored
    }
}

extension ListedAutomation {
    /// Reads an automation from its state and attributes. States that Home Assistant has no word for count as unavailable.
    package init(entityID: String, state: String?, attributes: ConfigurationValue?) {
        let ownID: String?
        switch attributes?["id"] {
        case .string(let text) where !text.isEmpty: ownID = text
        case .number(let text): ownID = text
        default: ownID = nil
        }
        let name = attributes?["friendly_name"]?.text
        self.init(
            entityID: entityID, ownID: ownID,
            name: name.flatMap { $0.isEmpty ? nil : $0 } ?? String(entityID.drop { $0 != "." }.dropFirst()),
            state: state == "on" ? .on : state == "off" ? .off : .unavailable, mode: attributes?["mode"]?.text,
            isRestored: attributes?["restored"] == .bool(true))
    }
}

/// What one reading of all states gave.
package struct StateListing: Sendable, Equatable {
    package var automations: [ListedAutomation] = []
    /// The ids of everything that has a state.
    package var entities: Set<String> = []

    package init() {}
}
