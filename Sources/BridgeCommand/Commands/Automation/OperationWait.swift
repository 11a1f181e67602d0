import BridgeCore
import Store

/// Waits for the running bridge to carry out what a command asked for, and tells how far it is.
struct OperationWait {
    private let operations: OperationRepository
    private let console: Console
    /// From one look to the next.
    private let pause: Duration
    /// How long nobody may hold the connection before the command gives up: a bridge that takes it over needs some seconds.
    private let patience: Duration

    init(
        _ operations: OperationRepository, _ console: Console, pause: Duration = .milliseconds(400),
        patience: Duration = .seconds(15)
    ) {
        self.operations = operations
        self.console = console
        self.pause = pause
        self.patience = patience
    }

    /// The operation once it has ended. Throws a `CommandFailure` with exit status 75 where no bridge holds the connection: what
    /// was asked for stays, and is done as soon as one does.
    func end(of asked: StoredOperation) async throws -> StoredOperation {
        defer { console.endProgress() }
        var shown: OperationStep?
        var unheldSince: ContinuousClock.Instant?
        while true {
            guard let operation = try await operations.find(asked.id, asked.kind) else {
                throw CommandFailure(.usage, "What was asked for is not there any more: its automation was removed.")
            }
            if operation.status != .inProgress { return operation }
            if operation.step != shown {
                console.progress(Self.sentence(operation.step))
                shown = operation.step
            }
            if try await operations.isHeld(operation.connection) {
                unheldSince = nil
            } else {
                let since = unheldSince ?? .now
                unheldSince = since
                guard ContinuousClock.now - since < patience else {
                    throw CommandFailure(
                        .tryAgain,
                        """
                        It is asked for, and not done: no bridge holds the connection. It will be done as soon as one runs: \
                        ha-bridge run
                        """)
                }
            }
            try await Task.sleep(for: pause)
        }
    }

    private static func sentence(_ step: OperationStep) -> String {
        switch step {
        case .lock: "Looking at what is there …"
        case .backup: "Storing what is there …"
        case .write: "Writing to Home Assistant …"
        case .reload: "Waiting until Home Assistant has loaded it …"
        case .readBack: "Reading it back …"
        case .watch: "Watching its first runs …"
        }
    }
}

extension StoredOperation {
    /// What `--json` shows.
    var jsonValue: JSONValue {
        .object([
            "id": .string(id.description), "kind": .string(kind == .apply ? "apply" : "rollback"),
            "automation_id": .string(automation.description), "step": .string(step.rawValue),
            "status": .string(status.rawValue),
            "rollback_type": rollbackType.map { .string($0.rawValue) } ?? .null,
            "reason": reason.map { .string($0) } ?? .null,
            "error": errorMessage.map { .string($0) } ?? .null,
            "initiated_at": .string(initiatedAt.iso8601),
            "completed_at": completedAt.map { .string($0.iso8601) } ?? .null,
        ])
    }
}
