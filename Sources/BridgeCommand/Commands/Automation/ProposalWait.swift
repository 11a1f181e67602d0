import BridgeCore
import PostgresClient
import Store

/// Waits for the running bridge to carry out what is approved.
enum ProposalWait {
    /// Returns when it is carried out. Throws a `CommandFailure` where it failed, and where no bridge holds the connection.
    static func untilCarriedOut(_ workflow: StoredWorkflow, pool: PostgresPool, console: Console) async throws {
        defer { console.endProgress() }
        var rounds = 0
        while true {
            let state = try await WorkflowProgress.read(workflow, pool)
            switch state.status {
            case "COMPLETED":
                console.note("Done.")
                return
            case "FAILED": throw CommandFailure(.unsound, "It failed: \(state.error ?? "the bridge gave no reason.")")
            case nil where !state.hasBridge && rounds > 3:
                throw CommandFailure(
                    .tryAgain,
                    "No bridge holds the connection “\(workflow.connectionName)” now. It is carried out as soon as one runs."
                )
            // Watching its first runs may take long; it is written.
            case .some where state.step == "WATCH":
                console.note("Done. The bridge watches its first runs.")
                return
            default: console.progress(state.step.map { "The bridge is at \($0) …" } ?? "Waiting for the bridge …")
            }
            rounds += 1
            guard rounds < 240 else {
                throw CommandFailure(
                    .tryAgain, "The bridge is not done yet. See: ha-bridge approval show \(workflow.id)")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
