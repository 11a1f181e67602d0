import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import WebSocketTransport

/// A connection of a command's own to Home Assistant, which subscribes to nothing.
enum CommandSession {
    /// A command says what went wrong itself.
    static let silence = Logger(label: "ha-bridge") { _ in SwiftLogNoOpLogHandler() }

    /// Lends the ports to Home Assistant for the length of `body`.
    ///
    /// Waits until Home Assistant runs. Throws a `CommandFailure` when it cannot be reached or refuses the token, and what `body`
    /// throws.
    static func with<Result: Sendable>(
        _ place: ConnectionPlace, token: Secret, _ body: (SessionPorts) async throws -> Result
    ) async throws -> Result {
        let logger = silence
        let loop: WebSocketEventLoop
        do {
            loop = try WebSocketEventLoop(logger: logger)
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
        let timer = DeadlineTimer()
        let resolver = HostResolver(policy: place.addresses)
        let target = SessionTarget(connection: ConnectionID(), url: place.url, token: token, trust: place.trust)
        let session = Session(
            target: target, purpose: .commands,
            environment: SessionEnvironment(loop: loop, resolver: resolver, timer: timer),
            consumer: NullConsumer(), meter: NullMeter(), logger: logger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        let ending = LockedBox<SessionNotice?>(nil)
        do {
            let result = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await timer.run() }
                group.addTask {
                    await session.run(
                        onNotice: { notice in if notice.endsTest { ending.withLock { $0 = notice } } },
                        onReady: { announcement.yield($0) }, until: \.endsTest)
                    announcement.finish()
                }
                defer { group.cancelAll() }
                for await port in ports {
                    let requests = RESTPort.over(loop, resolver, target)
                    return try await body(SessionPorts(commands: port, requests: requests))
                }
                let failure = ConnectionProbe.result(of: ending.withLock { $0 }, url: place.url, duration: .zero)
                throw CommandFailure(failure.exitStatus, failure.message)
            }
            await loop.shutdown()
            return result
        } catch {
            await loop.shutdown()
            throw error
        }
    }
}
