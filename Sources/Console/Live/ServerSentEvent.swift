import BridgeCore
import NIOCore
import Store

/// The text of server-sent events.
enum ServerSentEvent {
    /// What a stream begins with: after so many milliseconds a browser connects again.
    static let opening = ByteBuffer(string: "retry: 3000\n\n")
    /// Shows both ends that the other is there.
    static let heartbeat = ByteBuffer(string: ": \n\n")

    /// An event; its JSON has no line break outside of quotes and, being JSON, none inside.
    static func event(_ event: StoredEvent) -> ByteBuffer {
        ByteBuffer(string: "event: event\nid: \(event.id)\ndata: \(event.json)\n\n")
    }

    /// So many events were not sent, because the client could not keep up.
    static func lost(_ count: Int) -> ByteBuffer {
        ByteBuffer(string: "event: lost\ndata: {\"count\":\(count)}\n\n")
    }
}
