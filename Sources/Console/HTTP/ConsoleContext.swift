import NIOCore

/// What is known about a request besides itself.
package struct ConsoleContext: Sendable {
    /// Where the client's end of the connection is: `127.0.0.1`, without a port.
    package let remoteAddress: String
    /// The parts of the path that the route names, percent-decoded.
    package internal(set) var parameters: [String: String] = [:]

    init(channel: any Channel) { self.init(remoteAddress: channel.remoteAddress?.ipAddress ?? "unknown") }

    init(remoteAddress: String) { self.remoteAddress = remoteAddress }
}
