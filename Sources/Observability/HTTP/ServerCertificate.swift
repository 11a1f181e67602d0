import BridgeConcurrency
import BridgeCore
import NIOCore
import NIOPosix
import NIOSSL

/// The certificate that a server shows, looked at and nothing more: whether to trust it is decided elsewhere.
package enum ServerCertificate {
    /// When the certificate of the server at a numeric address ends to hold, or `nil` where none is shown within `limit`. `name` is
    /// what the server is asked for.
    package static func expiry(
        at address: String, port: Int, name: String, within limit: Duration = .seconds(5)
    ) async -> Timestamp? {
        guard let place = try? SocketAddress(ipAddress: address, port: port),
            let context = try? NIOSSLContext(configuration: .makeClientConfiguration())
        else { return nil }
        // No name is sent where there is none but an address.
        let serverName = (try? SocketAddress(ipAddress: name, port: port)) == nil ? name : nil
        let seen = LockedBox<Timestamp?>(nil)
        let over = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(limit))
            .channelInitializer { channel in
                channel.closeFuture.cascade(to: over)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(
                            context: context, serverHostname: serverName,
                            customVerificationCallback: { chain, verdict in
                                let end = chain.first.map {
                                    Timestamp(microseconds: Int64($0.notValidAfter) * 1_000_000)
                                }
                                seen.withLock { $0 = end }
                                // It was seen, and that was all.
                                verdict.succeed(.failed)
                            }))
                }
            }
        guard let channel = try? await bootstrap.connect(to: place).get() else { return nil }
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
        try? await over.futureResult.get()
        timer.cancel()
        return seen.withLock { $0 }
    }
}
