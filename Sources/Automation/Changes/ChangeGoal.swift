import BridgeCore
import HomeAssistantClient
import Store

/// What is to be true of an automation after a change.
enum ChangeGoal: Sendable, Equatable {
    /// The file has this configuration. `snapshot` is the same with placeholders.
    case configuration(ConfigurationValue, snapshot: ConfigurationValue)
    /// The file has none of its id.
    case absence
    /// It is switched on, or off.
    case enabled(Bool)

    /// Whether what the file has is what is to be there.
    func isMet(by found: ConfigurationValue?) -> Bool {
        switch self {
        case .configuration(let wanted, _): found.map { ConfigurationComparison.areSame($0, wanted) } ?? false
        case .absence: found == nil
        case .enabled: false
        }
    }
}

/// All that is known of an operation before its first step.
struct ChangePlan: Sendable {
    let automation: StoredAutomation
    /// The id in its configuration.
    let homeAssistantID: String
    /// What is done, for sentences: “create”, “roll back”.
    let verb: String
    var goal: ChangeGoal
    /// What may be there before; `nil` where that is not known in advance.
    var base: ChangeGoal?
    /// Of an apply operation.
    var order: ChangeOrder?
    var operation: ProposedChange.Operation?
    /// Of a rollback: the version to return to; `nil` where a creation is undone.
    var target: StoredBackup?
    /// Whose word is behind it.
    var person: UserID?
    /// Whether another hand's change in between is overwritten.
    var isRegardless = false

    /// “Light in the hall”.
    var name: String { "“\(automation.name)”" }
}
