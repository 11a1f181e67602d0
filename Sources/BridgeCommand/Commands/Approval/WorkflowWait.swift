import BridgeCore
import PostgresClient
import Store

/// Waits until the bridge has carried out an approved proposal, and tells how far it is and how it ended.
struct WorkflowWait {
    let approvals: ApprovalRepository
    let workflow: StoredWorkflow
    let console: Console
    /// From one look at the database to the next.
    var look: Duration = .milliseconds(500)
    /// For which nobody may hold the connection: a bridge that takes it over needs some seconds.
    var patience: Duration = .seconds(15)
    /// For the bridge to begin.
    var beginLimit: Duration = .seconds(60)
    /// For the whole.
    var limit: Duration = .seconds(600)

    /// Returns when the change is in place, throws a `CommandFailure` when it failed, and one of exit status 75 when it is not done
    /// yet. Without `waits` it only says what will happen.
    func run(waits: Bool) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var hasBridge = try await approvals.hasBridge(workflow.connection)
        while waits, !hasBridge, clock.now - start < patience {
            console.progress("Waiting for a bridge …")
            try await Task.sleep(for: look)
            hasBridge = try await approvals.hasBridge(workflow.connection)
        }
        guard hasBridge else {
            console.endProgress()
            throw CommandFailure(
                .tryAgain,
                """
                No bridge speaks for “\(workflow.connectionName)” now. The change will be made as soon as one runs; see: ha-bridge \
                approval show \(workflow.id.short)
                """)
        }
        guard waits else {
            return console.note("The bridge carries it out now. See: ha-bridge approval show \(workflow.id.short)")
        }
        while true {
            let operation = try await approvals.operations(of: workflow.id).first
            if let operation, try report(operation) { return }
            let waited = clock.now - start
            guard waited < (operation == nil ? beginLimit : limit) else {
                console.endProgress()
                throw CommandFailure(
                    .tryAgain,
                    operation == nil
                        ? "The bridge has not begun to carry it out yet. See: ha-bridge approval show \(workflow.id.short)"
                        : "The bridge has not finished yet. See: ha-bridge approval show \(workflow.id.short)")
            }
            if operation == nil { console.progress("Waiting for the bridge …") }
            try await Task.sleep(for: look)
        }
    }

    /// Tells of the operation, and says whether there is nothing more to wait for. Throws where it failed.
    private func report(_ operation: WorkflowOperation) throws -> Bool {
        switch operation.status {
        case .completed:
            console.note("Done: the change is in place.")
            return true
        case .failed:
            console.endProgress()
            throw CommandFailure(
                .unsound,
                "The change failed at the step \(operation.step): \(operation.error ?? "no reason was given.")")
        case .inProgress:
            if operation.step == "WATCH" {
                console.note(
                    """
                    The change is in place. The bridge watches its first runs, and takes it back should they fail; see: ha-bridge \
                    approval show \(workflow.id.short)
                    """)
                return true
            }
            console.progress("\(Self.words[operation.step] ?? operation.step) …")
            return false
        }
    }

    private static let words = [
        "LOCK": "Looking at what is there", "BACKUP": "Storing what is there", "WRITE": "Writing",
        "RELOAD": "Waiting for Home Assistant", "READ_BACK": "Reading it back",
    ]
}
