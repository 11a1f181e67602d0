import HomeAssistantClient

/// Why Home Assistant did not do, or show, what a change needs.
package enum ChangeHouseFailure: Error, Sendable, Equatable {
    /// It refused, and nothing has changed. The text is Home Assistant's, and may quote the configuration.
    case refused(String)
    /// It cannot read the file of its automations: there is a `!secret` in it, or its YAML is broken. Nothing has changed.
    case unreadableFile
    /// The token is not that of an administrator. Nothing has changed.
    case unauthorised
    /// It was not reached, and has seen nothing.
    case notSent(String)
    /// It may have done it: that must be looked at.
    case noAnswer(String)
    /// The session has ended. What was sent, if anything, must be looked at.
    case disconnected

    /// Whether it may be different soon.
    var isPassing: Bool {
        switch self {
        case .refused, .unreadableFile, .unauthorised: false
        case .notSent, .noAnswer, .disconnected: true
        }
    }

    /// One or two sentences.
    var sentence: String {
        switch self {
        case .refused(let text): "Home Assistant refuses it: \(text)"
        case .unreadableFile:
            """
            Home Assistant cannot read the file of its automations (automations.yaml): either its YAML is broken, or a value in it \
            comes from !secret, which Home Assistant would write in clear. Mend the file, or move that automation to another one.
            """
        case .unauthorised:
            "Home Assistant lets only administrators change automations. Give the connection the token of one."
        case .notSent(let text), .noAnswer(let text): "Home Assistant cannot be reached: \(text)"
        case .disconnected: "The connection to Home Assistant has ended."
        }
    }
}

/// What a change needs of the Home Assistant of one connection. The id is that in the automation's configuration; the time is for the
/// whole of a call.
package struct ChangeHouse: Sendable {
    /// The configuration as the file has it; `nil` where the file has none of that id.
    package var read: @Sendable (String, Duration) async throws(ChangeHouseFailure) -> ConfigurationValue?
    /// Writes a configuration over the one of that id, or beside the others.
    package var write: @Sendable (ConfigurationValue, String, Duration) async throws(ChangeHouseFailure) -> Void
    /// Deletes it, and says whether it was there.
    package var delete: @Sendable (String, Duration) async throws(ChangeHouseFailure) -> Bool
    /// Switches the automation of that entity id on or off, ending its runs.
    package var turn: @Sendable (String, Bool, Duration) async throws(ChangeHouseFailure) -> Void
    /// All automations as the states show them.
    package var automations: @Sendable (Duration) async throws(ChangeHouseFailure) -> [ListedAutomation]

    package init(
        read: @escaping @Sendable (String, Duration) async throws(ChangeHouseFailure) -> ConfigurationValue?,
        write: @escaping @Sendable (ConfigurationValue, String, Duration) async throws(ChangeHouseFailure) -> Void,
        delete: @escaping @Sendable (String, Duration) async throws(ChangeHouseFailure) -> Bool,
        turn: @escaping @Sendable (String, Bool, Duration) async throws(ChangeHouseFailure) -> Void,
        automations: @escaping @Sendable (Duration) async throws(ChangeHouseFailure) -> [ListedAutomation]
    ) {
        self.read = read
        self.write = write
        self.delete = delete
        self.turn = turn
        self.automations = automations
    }
}
