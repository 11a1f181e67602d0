import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import WebSocketTransport

/// The tester of the program: a real session with Home Assistant that ends as soon as events would flow, or at the first failure.
struct ConnectionProbe: ConnectionTester {
    func test(_ place: ConnectionPlace, token: Secret) async -> ConnectionTestResult {
        let url = place.url
        let start = ContinuousClock.now
        let logger = Logger(label: "ha-bridge") { _ in SwiftLogNoOpLogHandler() }
        let loop: WebSocketEventLoop
        do {
            loop = try WebSocketEventLoop(logger: logger)
        } catch {
            return ConnectionTestResult(kind: .unreachable, duration: .zero, message: "\(error)")
        }
        let timer = DeadlineTimer()
        let ending = LockedBox<SessionNotice?>(nil)
        let session = Session(
            target: SessionTarget(connection: ConnectionID(), url: url, token: token, trust: place.trust),
            environment: SessionEnvironment(
                loop: loop, resolver: HostResolver(policy: place.addresses), timer: timer),
            consumer: NullConsumer(), meter: NullMeter(), logger: logger)
        await withTaskGroup { group in
            group.addTask { await timer.run() }
            await session.run(
                onNotice: { notice in
                    guard notice.endsTest else { return }
                    ending.withLock { if $0 == nil { $0 = notice } }
                }, until: \.endsTest)
            group.cancelAll()
        }
        await loop.shutdown()
        return Self.result(of: ending.withLock { $0 }, url: url, duration: ContinuousClock.now - start)
    }

    /// What `notice`, the last one of a session, means for a person.
    static func result(
        of notice: SessionNotice?, url: HomeAssistantURL, duration: Duration
    ) -> ConnectionTestResult {
        switch notice {
        case .subscribed(let details, _):
            let rights =
                details.isAdministrator
                ? "" : " The token is not an administrator's: automations and custom events cannot be had with it."
            var result = ConnectionTestResult(
                kind: .connected, duration: duration,
                message: "Home Assistant \(details.version) at \(url) accepts the token.\(rights)")
            result.version = details.version
            result.isAdministrator = details.isAdministrator
            result.location = details.configuration?.locationName
            return result
        case .authenticationFailed:
            return ConnectionTestResult(
                kind: .authenticationFailed, duration: duration,
                message:
                    "Home Assistant at \(url) refuses the token. Make a new one in your profile there, under Security.")
        case .attemptFailed(let kind, let reason, _, _):
            return ConnectionTestResult(
                kind: kind.testKind, duration: duration, message: "Cannot connect to \(url). \(reason)")
        case .disconnected(let reason, _):
            return ConnectionTestResult(
                kind: .unreachable, duration: duration, message: "The connection to \(url) was lost. \(reason)")
        default:
            return ConnectionTestResult(
                kind: .unreachable, duration: duration, message: "The test of \(url) was interrupted.")
        }
    }
}

extension SessionNotice {
    /// Whether a test knows enough.
    var endsTest: Bool {
        switch self {
        case .subscribed, .authenticationFailed, .attemptFailed, .disconnected: true
        default: false
        }
    }
}

extension FailureKind {
    fileprivate var testKind: ConnectionTestResult.Kind {
        switch self {
        case .tls, .pinnedKey: .certificateInvalid
        case .http, .protocolViolation: .notHomeAssistant
        default: .unreachable
        }
    }
}

/// Takes frames and forgets them: a test stores nothing.
struct NullConsumer: FrameConsumer {
    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
    func release(_ bytes: Int, for connection: ConnectionID) {}
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
    func accept(_ frame: ReceivedFrame) {}
}

/// Counts nothing.
struct NullMeter: SessionMeter {
    func received(messages: Int, events: Int, errors: Int, unknown: Int) {}
}
