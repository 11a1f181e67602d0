import BridgeCore

/// What the analysis needs of one event: a change of state, or the beginning of a run.
package struct DecisionEvent: Sendable, Equatable {
    /// What kind of event it is.
    package enum Kind: Sendable, Equatable {
        /// An entity came from one state to another.
        case change(entity: String, from: String?, to: String)
        /// An automation or a script began; what has its context, it did.
        case run
    }

    package var kind: Kind
    package var time: Timestamp
    /// Seconds that the clock on the wall of the house is ahead of UTC then.
    package var zoneOffset: Int
    /// Whether it came as an event, with all that Home Assistant knows of its cause.
    package var isLive: Bool
    package var context: String?
    package var parent: String?
    /// Whether Home Assistant names a user behind it.
    package var hasUser: Bool

    package init(
        _ kind: Kind, at time: Timestamp, zoneOffset: Int = 0, isLive: Bool = true, context: String? = nil,
        parent: String? = nil, hasUser: Bool = false
    ) {
        self.kind = kind
        self.time = time
        self.zoneOffset = zoneOffset
        self.isLive = isLive
        self.context = context
        self.parent = parent
        self.hasUser = hasUser
    }
}

/// An automation as the analysis of it needs it.
package struct DecisionAutomation: Sendable, Equatable {
    /// One run, or a trigger that came to none.
    package struct Run: Sendable, Equatable {
        package var startedAt: Timestamp
        package var status: ExecutionStatus
        /// Home Assistant's own word for how it ended, such as `failed_single`.
        package var outcome: String?
        package var milliseconds: Int?
        /// Whether it was found out if a person reversed its effects.
        package var isChecked: Bool
        package var isOverridden: Bool

        package init(
            at startedAt: Timestamp, _ status: ExecutionStatus, outcome: String? = nil, milliseconds: Int? = nil,
            isChecked: Bool = false, isOverridden: Bool = false
        ) {
            self.startedAt = startedAt
            self.status = status
            self.outcome = outcome
            self.milliseconds = milliseconds
            self.isChecked = isChecked
            self.isOverridden = isOverridden
        }
    }

    package var id: AutomationID
    package var name: String
    package var entityID: String?
    package var mode: String?
    package var state: LifecycleState
    package var firstSeenAt: Timestamp
    /// When Home Assistant last listed it.
    package var lastSeenAt: Timestamp?
    package var lastRunAt: Timestamp?
    /// Its newest version as JSON text; `nil` where none was read.
    package var configuration: String?
    /// The newest runs, newest first; not all of them.
    package var runs: [Run]

    package init(
        id: AutomationID, name: String, entityID: String? = nil, mode: String? = nil, state: LifecycleState = .active,
        firstSeenAt: Timestamp, lastSeenAt: Timestamp? = nil, lastRunAt: Timestamp? = nil, configuration: String? = nil,
        runs: [Run] = []
    ) {
        self.id = id
        self.name = name
        self.entityID = entityID
        self.mode = mode
        self.state = state
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
        self.lastRunAt = lastRunAt
        self.configuration = configuration
        self.runs = runs
    }
}
