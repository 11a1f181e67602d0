import Foundation

/// What waits for one client of a `FakeHomeAssistant`, as Home Assistant keeps it: a queue of messages with a limit, and a writer
/// that takes all of them at once and waits for a slow reader.
///
/// Home Assistant drops a client at 4,096 waiting messages, or when more than 1,024 have waited for some seconds; it then
/// forgets the whole queue and closes with code 1000, as if nothing had happened.
final class FakeOutbox: @unchecked Sendable {
    // @unchecked: everything below `condition` is touched only while it is locked.

    /// A message, and what the ledger must know when it goes out.
    struct Message {
        var text: String
        /// The number of its event in the ledger.
        var entry: Int?
        var isPong = false
    }

    private let connection: FakeConnection
    private let rule: FakeBehaviour.QueueRule
    private let condition = NSCondition()
    private var waiting: [Message] = []
    private var overPeakSince: ContinuousClock.Instant?
    /// The code to close with; nothing more is sent then.
    private var closeCode: UInt16?
    private var isOver = false
    private var isIdle = true

    /// Starts the writer's thread, which ends with `end`.
    init(connection: FakeConnection, rule: FakeBehaviour.QueueRule) {
        self.connection = connection
        self.rule = rule
        let thread = Thread { [self] in run() }
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// Queues messages in one go, as a Home Assistant does that fires events without a pause; false when the client is dropped.
    @discardableResult
    func enqueue(_ messages: [Message]) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isOver, closeCode == nil else { return false }
        waiting.append(contentsOf: messages)
        if waiting.count >= rule.limit {
            drop()
            return false
        }
        if waiting.count > rule.peak {
            let now = ContinuousClock.now
            let since = overPeakSince ?? now
            overPeakSince = since
            if now - since > rule.peakTime {
                drop()
                return false
            }
        }
        condition.broadcast()
        return true
    }

    /// Closes: after what waits, or at once and forgetting it, as a Home Assistant that stops does.
    func close(code: UInt16, afterWaiting: Bool) {
        condition.lock()
        defer { condition.unlock() }
        closeCode = closeCode ?? code
        if !afterWaiting { waiting = [] }
        condition.broadcast()
    }

    /// Ends the writer's thread. Messages that wait are forgotten.
    func end() {
        condition.lock()
        defer { condition.unlock() }
        isOver = true
        waiting = []
        condition.broadcast()
    }

    /// Called with the lock held.
    private func drop() {
        waiting = []
        closeCode = 1000
        connection.server?.noteDrop(connection.number)
        condition.broadcast()
    }

    // MARK: The thread

    private func run() {
        while let batch = next() {
            switch batch {
            case .messages(let messages): write(messages)
            case .close(let code):
                connection.write(ServerFrame.close(code: code))
                // A client that does not answer the close frame is left after a while.
                let end = Date(timeIntervalSinceNow: 10)
                condition.lock()
                while !isOver, condition.wait(until: end) {}
                condition.unlock()
                connection.drop()
                return
            }
        }
    }

    private enum Batch {
        case messages([Message])
        case close(UInt16)
    }

    private func next() -> Batch? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if isOver { return nil }
            if !waiting.isEmpty { break }
            if let closeCode { return .close(closeCode) }
            condition.wait()
        }
        let messages = waiting
        waiting = []
        overPeakSince = nil
        return .messages(messages)
    }

    private func write(_ messages: [Message]) {
        let ledger = connection.server?.ledger
        // Before the bytes go out, because the answer to a pong may come at once.
        ledger?.willSend(messages.map { ($0.entry, $0.isPong) }, on: connection.number)
        var bytes: [UInt8] = []
        if messages.count > 1, connection.session.withLock({ $0.isCoalescing }) {
            bytes = ServerFrame.text("[\(messages.map(\.text).joined(separator: ","))]")
        } else {
            for message in messages { bytes += ServerFrame.text(message.text) }
        }
        connection.write(bytes)
    }
}
