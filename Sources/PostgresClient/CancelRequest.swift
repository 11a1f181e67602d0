import BridgeConcurrency
import CLibPQ

/// Asks the server over a socket of its own to stop what a session is doing.
enum CancelRequest {
    /// Blocks for at most `limit`. The answer does not matter: the session is given up either way.
    ///
    /// `PQcancel` waits without bound for a server that accepts and says nothing (a stopped postmaster), so it runs on a thread
    /// that may be left behind; the number of such threads is bounded, and further requests are then left out.
    static func send(for handle: ConnectionHandle, limit: Duration) {
        guard let raw = PQgetCancel(handle.raw) else { return }
        let target = CancelTarget(adopting: raw)
        guard inFlight.withLock({ count in count < 8 ? (count += 1, true).1 : false }) else { return }
        let outcome = BoundedCall.run(name: "pg-cancel", deadline: Deadline(after: limit)) {
            target.cancel()
            inFlight.withLock { $0 -= 1 }
        }
        if case .notStarted = outcome { inFlight.withLock { $0 -= 1 } }
    }

    private static let inFlight = LockedBox(0)
}

/// Owns a `PGcancel`.
private final class CancelTarget: @unchecked Sendable {
    // @unchecked: a PGcancel does not change and is made for use on another thread.
    private let raw: OpaquePointer

    init(adopting raw: OpaquePointer) { self.raw = raw }

    deinit { PQfreeCancel(raw) }

    func cancel() {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            _ = PQcancel(raw, text.baseAddress, 256)
        }
    }
}
