import BridgeCore

/// A request over a connection of its own, which carries nothing else.
package struct HTTPRequest: Sendable {
    /// `GET`, `POST` or `DELETE`; letters only.
    package var method: String
    /// JSON; `nil` for none.
    package var body: [UInt8]?
    /// Sent as `Authorization: Bearer`.
    package var token: Secret

    package init(method: String, body: [UInt8]? = nil, token: Secret) {
        self.method = method
        self.body = body
        self.token = token
    }

    /// Why it must not be sent, or nil: a token that is no single word would end the header and begin another.
    var fault: String? {
        let isMethod = !method.isEmpty && method.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        let isToken = token.count > 0 && token.withBytes { $0.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
        if !isMethod { return "The method of the request is no HTTP method." }
        return isToken ? nil : "The token holds characters that no token of Home Assistant has. Give a new one."
    }

    /// The request as it is written. The token is a part of the first message alone, which is wiped when it is out.
    func messages(to target: WebSocketTarget) -> [WebSocketMessage] {
        let start = "\(method) \(target.path) HTTP/1.1\r\nHost: \(target.hostHeader)\r\nAuthorization: Bearer "
        var rest = "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n"
        if let body { rest += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        // Home Assistant's web server would take a POST without a length for one whose body is to come.
        if body == nil, method == "POST" { rest += "Content-Length: 0\r\n" }
        var messages: [WebSocketMessage] = [
            .secret(prefix: Array(start.utf8), token, suffix: Array((rest + "\r\n").utf8))
        ]
        let piece = 64 << 10
        var written = 0
        while let body, written < body.count {
            let end = min(written + piece, body.count)
            messages.append(.text(Array(body[written..<end])))
            written = end
        }
        return messages
    }
}

/// What a request came to.
package enum HTTPOutcome: Sendable {
    case answered(HTTPResponse)
    /// `mayHaveArrived` is false only if no byte of the request was handed to the network.
    case failed(WebSocketClosure, mayHaveArrived: Bool)
}

/// A request as the loop thread sees it, beside its `LoopConnection`. Touched by that thread only.
final class HTTPExchange {
    var reader: HTTPResponseReader
    /// The time for the whole of it, and when that is over, in microseconds of the loop's clock.
    let limit: Duration
    let deadline: Int64
    /// A byte of the request was handed to the library.
    var isWritten = false
    let onEnd: @Sendable (HTTPOutcome) -> Void

    init(bodyLimit: Int, limit: Duration, deadline: Int64, onEnd: @escaping @Sendable (HTTPOutcome) -> Void) {
        reader = HTTPResponseReader(limit: bodyLimit)
        self.limit = limit
        self.deadline = deadline
        self.onEnd = onEnd
    }
}

extension WebSocketEventLoop {
    /// Sends a request over a connection of its own and returns at once. `target.path` is the path of the request, with the
    /// conditions of a WebSocket: a certificate and a pinned key are checked before any byte of the request leaves. Redirects are
    /// answers, and proxies are not used.
    ///
    /// - Parameters:
    ///   - limit: the time for all of it, from connecting to the last byte of the answer; for TCP and TLS alone no more than
    ///     the target's time for the handshake.
    ///   - onEnd: called once, on the loop thread; after `shutdown` on the caller's. It must not block.
    /// - Returns: what `close` takes to give up.
    package func exchange(
        _ request: HTTPRequest, with target: WebSocketTarget, within limit: Duration,
        onEnd: @escaping @Sendable (HTTPOutcome) -> Void
    ) -> WebSocketID { start(request, target, limit, onEnd) }
}
