import HomeAssistantClient

/// What a proposal is checked against: the Home Assistant of one connection. Each closure asks it once.
package struct ProposalHouse: Sendable {
    /// What Home Assistant's configuration API says of an id.
    package enum Reading: Sendable, Equatable {
        /// As it stands in the file, in whichever spelling.
        case found(ConfigurationValue)
        case missing
        /// Home Assistant cannot read its own file: why, in a sentence.
        case unreadable(String)
    }

    /// Whether one part of a configuration is valid.
    package struct Verdict: Sendable, Equatable {
        /// `triggers`, `conditions` or `actions`.
        package var part: String
        /// What Home Assistant says is wrong with it.
        package var error: String

        package init(part: String, error: String) {
            self.part = part
            self.error = error
        }
    }

    /// Every state with its attributes, by entity id.
    package var states: @Sendable () async throws -> [String: HouseState]
    /// `light.turn_on`.
    package var services: @Sendable () async throws -> Set<String>
    /// The parts of a configuration in the spelling of today that are not valid.
    package var validate: @Sendable (ConfigurationValue) async throws -> [Verdict]
    /// What the configuration file has under an id.
    package var configuration: @Sendable (String) async throws -> Reading
    /// The configuration of `script.…`; `nil` where there is none to read.
    package var script: @Sendable (String) async throws -> ConfigurationValue?

    package init(
        states: @escaping @Sendable () async throws -> [String: HouseState],
        services: @escaping @Sendable () async throws -> Set<String>,
        validate: @escaping @Sendable (ConfigurationValue) async throws -> [Verdict],
        configuration: @escaping @Sendable (String) async throws -> Reading,
        script: @escaping @Sendable (String) async throws -> ConfigurationValue?
    ) {
        self.states = states
        self.services = services
        self.validate = validate
        self.configuration = configuration
        self.script = script
    }
}

/// An entity as Home Assistant has it now.
package struct HouseState: Sendable, Equatable {
    package var state: String
    package var attributes: ConfigurationValue

    package init(_ state: String, attributes: ConfigurationValue = .object([:])) {
        self.state = state
        self.attributes = attributes
    }

    /// The entities that it stands for, of a scene or a group.
    var members: [String] { attributes["entity_id"]?.entityList ?? [] }
}

extension ConfigurationValue {
    /// The elements of a list, or the value itself, as Home Assistant allows both wherever there may be several.
    var list: [ConfigurationValue] {
        switch self {
        case .array(let elements): elements
        case .null: []
        default: [self]
        }
    }

    /// The texts of a list, or of one value. Numbers and booleans count as YAML writes them.
    var texts: [String] { list.compactMap(\.scalar) }

    /// The value as a text, where it is no list and no object.
    var scalar: String? {
        switch self {
        case .string(let text): text
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    /// Entity ids, in small letters: a list, one, or several with commas.
    var entityList: [String] {
        texts.flatMap { text in
            text.split(separator: ",").map { $0.lowercased().filter { $0 != " " } }
        }.filter { AutomationReader.isEntityID($0) }
    }

    /// Whether there is a template in it.
    var isTemplate: Bool { text.map { $0.contains("{{") || $0.contains("{%") } ?? false }
}
