import FoundationEssentials

/// The part of `get_config` that the bridge keeps.
package struct HomeAssistantConfiguration: Equatable, Sendable {
    /// Home Assistant's release, such as `2025.4.4`.
    package var version: String
    /// `NOT_RUNNING`, `STARTING`, `RUNNING`, `STOPPING`, …
    package var state: String
    /// The IANA name of the house's time zone.
    package var timeZone: String?
    /// What the house is called.
    package var locationName: String?
    /// Integrations and platforms that are loaded, sorted.
    package var components: [String]

    /// Whether all integrations are up.
    package var isRunning: Bool { state == "RUNNING" }
}

extension HomeAssistantConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case version
        case state
        case timeZone = "time_zone"
        case locationName = "location_name"
        case components
    }

    /// Lenient: only `version` must be there. A Home Assistant that reports no state is taken as running.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decode(String.self, forKey: .version)
        state = (try? container.decode(String.self, forKey: .state)) ?? "RUNNING"
        timeZone = try? container.decode(String.self, forKey: .timeZone)
        locationName = try? container.decode(String.self, forKey: .locationName)
        components = ((try? container.decode([String].self, forKey: .components)) ?? []).sorted()
    }
}

/// The part of `auth/current_user` that the bridge keeps.
package struct HomeAssistantUser: Equatable, Sendable, Decodable {
    /// Whether the token may subscribe to all events.
    package var isAdministrator: Bool

    private enum CodingKeys: String, CodingKey {
        case isAdministrator = "is_admin"
    }
}

/// The answer to one command.
package enum CommandReply: Equatable, Sendable {
    case succeeded
    case configuration(HomeAssistantConfiguration)
    case user(HomeAssistantUser)
    /// The states went on to the writer as a snapshot.
    case states
    /// Home Assistant's error code, such as `unauthorized` or `unknown_command`.
    case failed(code: String)
}
