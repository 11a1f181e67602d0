/// Names one connection attempt of a `WebSocketEventLoop`, from `open` to its `closed` event. Never used twice.
package struct WebSocketID: Hashable, Sendable, CustomStringConvertible {
    let rawValue: UInt64

    package var description: String { "ws-\(rawValue)" }
}
