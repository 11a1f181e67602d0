import BridgeCore

/// A frame whose events or states wait to be written.
package struct ReceivedFrame: Sendable {
    /// Where it came from.
    package var connection: ConnectionID
    /// The whole frame, as received.
    package var bytes: [UInt8]
    /// Where the events of live subscriptions lie in it.
    package var events: [Range<Int>]
    /// Where the answer to `get_states` lies in it.
    package var snapshot: Range<Int>?
    /// Whether another frame follows that belongs to the same answer. It is not kept on the disk.
    package var isContinued = false
    /// Where the first byte lies that is no JSON; from there on the frame is kept as a dead letter.
    package var unreadable: JSONScanError?
    /// When it was complete, for the time until it is committed.
    package var receivedAt: ContinuousClock.Instant
    /// When it was complete by the clock of this machine.
    package var receivedTime: Timestamp

    /// A frame whose content has been sorted.
    package init(
        connection: ConnectionID, bytes: [UInt8], events: [Range<Int>] = [], snapshot: Range<Int>? = nil,
        unreadable: JSONScanError? = nil, receivedAt: ContinuousClock.Instant = .now, receivedTime: Timestamp = .now
    ) {
        self.connection = connection
        self.bytes = bytes
        self.events = events
        self.snapshot = snapshot
        self.unreadable = unreadable
        self.receivedAt = receivedAt
        self.receivedTime = receivedTime
    }
}

/// Takes frames that must not be lost. This is the place of the spool in the path of an event.
package protocol FrameConsumer: Sendable {
    /// Counts a frame that came off the socket, and says whether more may follow. Called on the event loop's thread: never
    /// waits.
    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool

    /// Gives back room for a frame that held nothing to write.
    func release(_ bytes: Int, for connection: ConnectionID)

    /// Calls `body` once, from any thread, when a connection that was told to stop may go on.
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void)

    /// Takes a frame whose bytes are reserved. Never waits.
    func accept(_ frame: ReceivedFrame)
}

/// Figures of one connection, counted where they arise.
package protocol SessionMeter: Sendable {
    /// A frame came: so many messages, so many of them events, so many of them errors, so many of them unknown.
    func received(messages: Int, events: Int, errors: Int, unknown: Int)
}
