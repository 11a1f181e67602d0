import BridgeConcurrency
import Foundation

/// What the fault suite has found so far, in this process; printed as one line when the process ends, because only then has the
/// last test run.
package enum FaultSummary {
    private struct State {
        var seeds = 0
        var faults: Set<String> = []
        var total = Reconciliation()
    }

    private static let state: LockedBox<State> = {
        atexit { FaultSummary.print() }
        return LockedBox(State())
    }()

    /// Adds what a test found. `seeds` counts kills of the bridge; `fault` names the fault.
    package static func add(_ found: Reconciliation, fault: String, seeds: Int = 0) {
        state.withLock { state in
            state.seeds += seeds
            state.faults.insert(fault)
            state.total = state.total + found
        }
    }

    /// The line.
    package static var line: String {
        state.withLock { state in
            let total = state.total
            return
                "fault summary: seeds \(state.seeds), faults \(state.faults.count), obligations \(total.obligations), "
                + "stored \(total.stored), dead letters \(total.deadLetters), declared in gaps \(total.declared), "
                + "lost \(total.lost), duplicates \(total.duplicates)"
        }
    }

    private static func print() {
        // A line of its own, whatever stands before it.
        FileHandle.standardOutput.write(Data("\n\(line)\n".utf8))
    }
}
