import CLibPQ
import Logging

/// Owns a `PGconn` and what its callbacks need.
final class ConnectionHandle: @unchecked Sendable {
    // @unchecked: a PGconn is used by one thread at a time: first by the attempt that opens it, then by its actor.
    let raw: OpaquePointer
    /// The server at the other end.
    let endpoint: PostgresEndpoint
    // libpq keeps an unretained pointer to it, so it must live as long as `raw`: both go in deinit, `raw` first.
    private let notices: NoticeLogger

    init(adopting raw: OpaquePointer, endpoint: PostgresEndpoint, logger: Logger) {
        self.raw = raw
        self.endpoint = endpoint
        notices = NoticeLogger(logger)
        PQsetNoticeProcessor(raw, postgresNoticeReceived, Unmanaged.passUnretained(notices).toOpaque())
    }

    // Sends a goodbye if the socket takes it at once (the connection is non-blocking), and frees everything.
    deinit { PQfinish(raw) }

    /// -1 once libpq has dropped the connection.
    var socket: Int32 { PQsocket(raw) }

    var isHealthy: Bool { PQstatus(raw) == CONNECTION_OK && socket >= 0 }

    /// libpq's last word on this connection.
    var errorText: String { PQerrorMessage(raw).map { String(cString: $0) } ?? "" }
}

/// Where a connection's notices go; they would land on stderr otherwise.
private final class NoticeLogger: Sendable {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func log(_ text: String) {
        logger.debug("PostgreSQL sent a notice.", metadata: ["postgres.notice": "\(ErrorText.oneLine(text))"])
    }
}

// At file scope: C calls it on whichever thread reads the socket.
private func postgresNoticeReceived(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?) {
    guard let context, let text else { return }
    Unmanaged<NoticeLogger>.fromOpaque(context).takeUnretainedValue().log(String(cString: text))
}
