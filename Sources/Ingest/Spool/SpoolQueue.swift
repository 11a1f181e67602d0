import BridgeConcurrency
import BridgeCore
import EventSpool
import HomeAssistantClient
import Store

/// The only place where events wait: memory until the spool's thread has written them to the disk, a moment later, and from
/// there on the spool, until PostgreSQL has them.
///
/// Nobody who hands something in ever waits. When the memory or the disk is full, sessions are told to stop reading.
package final class SpoolQueue: FrameConsumer {
    /// The files.
    let spool: EventSpool
    /// What was written last, still in memory.
    let tail: SpoolTail
    /// What is not yet on the disk.
    let inbox: Mailbox<SpoolItem>
    /// Wakes the reader when there is something new.
    let news: Mailbox<Void>
    private let budget: ByteBudget<ConnectionID>
    /// Sessions that stopped reading and wait for room.
    private let waiting = LockedBox<[ConnectionID: @Sendable () -> Void]>([:])
    /// Whether the disk holds as much as it may.
    private let isDiskFull = LockedBox(false)

    /// A queue of at most `memoryLimit` bytes on their way to the disk, of which one connection may hold a quarter.
    package init(spool: EventSpool, memoryLimit: Int, timer: DeadlineTimer) {
        self.spool = spool
        budget = ByteBudget(totalLimit: memoryLimit, holderLimit: memoryLimit / 4)
        tail = SpoolTail(limit: memoryLimit / 8)
        inbox = Mailbox(timer: timer)
        news = Mailbox(timer: timer)
    }

    // MARK: Sessions

    package func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool {
        budget.take(bytes, for: connection) && !isDiskFull.withLock { $0 }
    }

    package func release(_ bytes: Int, for connection: ConnectionID) {
        budget.release(bytes, for: connection)
        wakeThoseWithRoom()
    }

    package func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) {
        waiting.withLock { $0[connection] = body }
        wakeThoseWithRoom()
    }

    /// Takes a frame, without the secrets in it: neither the disk nor the database sees them.
    package func accept(_ frame: ReceivedFrame) {
        var frame = frame
        FrameRedactor.redact(&frame.bytes)
        inbox.push(.frame(frame))
    }

    /// Notes something about the sight of a connection, in order with its frames.
    func record(_ sighting: Sighting) { inbox.push(.sighting(sighting)) }

    /// Adds an audit row.
    func record(_ entry: AuditEntry) { inbox.push(.audit(entry)) }

    /// Returns when everything that was handed in so far is committed, or when the task is cancelled.
    package func committed() async {
        let done = AsyncStream<Void>.makeStream()
        guard inbox.push(.barrier { done.continuation.finish() }) else { return }
        for await _ in done.stream {}
    }

    // MARK: The spool's thread

    /// Gives back the room of frames that are on the disk, or committed without having been there.
    func release(_ items: some Sequence<SpooledItem>) {
        for item in items {
            if case .frame(let frame) = item.item { budget.release(frame.bytes.count, for: frame.connection) }
        }
        wakeThoseWithRoom()
    }

    /// Looks whether the disk has room, and lets sessions go on if so.
    func checkDisk() {
        let isFull = isDiskFull.withLock { isFull in
            isFull = isFull ? !spool.hasRoom : spool.isFull
            return isFull
        }
        if !isFull { wakeThoseWithRoom() }
    }

    // MARK: The writer

    /// Gives back what is safe in PostgreSQL: memory, and the segments that hold nothing else.
    func committed(_ items: [SpooledItem]) {
        release(items.lazy.filter { !$0.isOnDisk })
        for item in items { if case .barrier(let call) = item.item { call() } }
        guard let last = items.last(where: { $0.sequence > 0 }) else { return }
        spool.release(through: SpoolPosition(run: last.run, sequence: last.sequence))
        if isDiskFull.withLock({ $0 }) { checkDisk() }
    }

    // MARK: Ends and figures

    /// Ends the stream: what was handed in is still written to the disk. Sessions must have ended.
    package func close() { inbox.close() }

    /// Whether nothing more comes into the tail.
    var isDrained: Bool { news.isClosed }

    /// Bytes of frames that are in memory and not yet on the disk.
    package var waitingBytes: Int { budget.total }

    /// Bytes of the spool's files.
    package var spoolBytes: Int { spool.usedBytes }

    private func wakeThoseWithRoom() {
        let ready = waiting.withLock { waiting -> [@Sendable () -> Void] in
            guard !waiting.isEmpty, !isDiskFull.withLock({ $0 }) else { return [] }
            let names = waiting.keys.filter { budget.hasRoom(for: $0) }
            return names.compactMap { waiting.removeValue(forKey: $0) }
        }
        for wake in ready { wake() }
    }
}
