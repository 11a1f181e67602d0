import BridgeConcurrency
import BridgeCore
import HomeAssistantClient

/// Holds frames between the sessions and the writer: in memory, bounded by bytes.
///
/// This is the place of the spool in the path of an event. Frames leave it in the order in which they came; their bytes stay
/// reserved until they are committed.
package final class FrameQueue: FrameConsumer {
    private let budget: ByteBudget<ConnectionID>
    private let mailbox: Mailbox<ReceivedFrame>
    /// Sessions that stopped reading and wait for room.
    private let waiting = LockedBox<[ConnectionID: @Sendable () -> Void]>([:])

    /// A queue of at most `totalLimit` bytes, of which one connection may hold a quarter.
    package init(totalLimit: Int, timer: DeadlineTimer) {
        budget = ByteBudget(totalLimit: totalLimit, holderLimit: totalLimit / 4)
        mailbox = Mailbox(timer: timer)
    }

    package func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { budget.take(bytes, for: connection) }

    package func release(_ bytes: Int, for connection: ConnectionID) {
        budget.release(bytes, for: connection)
        wakeThoseWithRoom()
    }

    package func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) {
        waiting.withLock { $0[connection] = body }
        wakeThoseWithRoom()
    }

    package func accept(_ frame: ReceivedFrame) { mailbox.push(frame) }

    /// Bytes that wait or are being written.
    package var waitingBytes: Int { budget.total }

    /// Frames that came since the last call; empty when the queue was closed or the task cancelled.
    func next(until deadline: ContinuousClock.Instant?) async -> [ReceivedFrame] { await mailbox.next(until: deadline) }

    /// Frames that came since the last call, without waiting.
    func takeAll() -> [ReceivedFrame] { mailbox.takeAll() }

    /// Ends the stream: the writer goes on until it has read everything. Sessions must have ended.
    package func close() { mailbox.close() }

    /// Whether the stream has ended, though frames may still wait.
    var isClosed: Bool { mailbox.isClosed }

    /// Gives back the room of frames whose content is safe in PostgreSQL.
    func committed(_ frames: [ReceivedFrame]) {
        for frame in frames { budget.release(frame.bytes.count, for: frame.connection) }
        wakeThoseWithRoom()
    }

    private func wakeThoseWithRoom() {
        let ready = waiting.withLock { waiting -> [@Sendable () -> Void] in
            guard !waiting.isEmpty else { return [] }
            let names = waiting.keys.filter { budget.hasRoom(for: $0) }
            return names.compactMap { waiting.removeValue(forKey: $0) }
        }
        for wake in ready { wake() }
    }
}
