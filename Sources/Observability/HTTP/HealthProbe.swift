import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks the running bridge on this machine for its own picture of its health. The whole question takes at most `limit`.
package struct HealthProbe: Sendable {
    /// `/healthz` of hundreds of connections has some hundred kilobytes.
    private static let maximumSize = 4 << 20
    private let limit: Duration

    package init(limit: Duration = .seconds(1)) { self.limit = limit }

    /// The answer to `/healthz` of any status, since an unhealthy bridge tells why with 503, or `nil` when no bridge answers in time
    /// with JSON.
    package func ask(_ address: HTTPAddress, overTLS: Bool = false) async -> JSONValue? {
        for place in Self.places(address) {
            guard let body = await inTime({ try await Self.body(from: place, address, overTLS: overTLS) }) else {
                continue
            }
            return try? JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView))
        }
        return nil
    }

    /// Where to knock. Numeric addresses only: a resolver could wait for longer than a status may take.
    private static func places(_ address: HTTPAddress) -> [SocketAddress] {
        let hosts =
            switch address.host {
            case "localhost": ["127.0.0.1", "::1"]
            // Who listens everywhere is reached on the loopback.
            case "0.0.0.0": ["127.0.0.1"]
            case "::": ["::1"]
            case let host: [host]
            }
        return hosts.compactMap { try? SocketAddress(ipAddress: $0, port: address.port) }
    }

    private func inTime(_ ask: @escaping @Sendable () async throws -> ByteBuffer?) async -> ByteBuffer? {
        await withTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try? await ask() }
            group.addTask { [limit] in
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func body(
        from place: SocketAddress, _ address: HTTPAddress, overTLS: Bool
    ) async throws -> ByteBuffer? {
        let tls = overTLS ? try NIOSSLContext(configuration: trustingClient) : nil
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(to: place) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: maximumSize))
                    return try NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { answers, requests in
            let headers: HTTPHeaders = [
                "Host": "\(address)", "Accept": "application/json", "Connection": "close",
            ]
            try await requests.write(
                .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz", headers: headers)))
            try await requests.write(.end(nil))
            for try await answer in answers { return answer.body ?? ByteBuffer() }
            return nil
        }
    }

    /// The certificate names the host that others use, not the loopback, and nothing of the question is a secret.
    private static var trustingClient: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return configuration
    }
}
