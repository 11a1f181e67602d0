import BridgeConcurrency
import Logging
import TestSupport
import WebSocketTransport

/// A connection of the loop under test, with all that happened to it.
final class TestClient: Sendable {
    struct History {
        var isOpened = false
        var frames: [[UInt8]] = []
        var closures: [WebSocketClosure] = []
        /// Anything after `closed`, or `opened` twice.
        var violations = 0

        var texts: [String] { frames.map { String(decoding: $0, as: UTF8.self) } }
    }

    private struct Waiter {
        let isMet: @Sendable (History) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var history = History()
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var id: WebSocketID?
    }

    let loop: WebSocketEventLoop
    private let state = LockedBox(State())

    init(_ loop: WebSocketEventLoop, _ target: WebSocketTarget) {
        self.loop = loop
        let id = loop.open(target) { [self] in note($0) }
        state.withLock { $0.id = id }
    }

    var history: History { state.withLock { $0.history } }

    func send(_ message: WebSocketMessage) {
        if let id = state.withLock({ $0.id }) { loop.send(message, on: id) }
    }

    func send(_ text: String) { send(.text(text)) }

    func close(code: UInt16 = 1000, reason: String = "") {
        if let id = state.withLock({ $0.id }) { loop.close(id, code: code, reason: reason) }
    }

    /// Waits for the end.
    func closure(within timeout: Duration = .seconds(20)) async -> WebSocketClosure? {
        _ = await wait(timeout) { !$0.closures.isEmpty }
        return history.closures.first
    }

    /// Waits for the handshake.
    func opened() async -> Bool { await wait { $0.isOpened || !$0.closures.isEmpty } && history.isOpened }

    /// Waits for that many frames.
    func frames(_ count: Int, within timeout: Duration = .seconds(20)) async -> [[UInt8]] {
        _ = await wait(timeout) { $0.frames.count >= count || !$0.closures.isEmpty }
        return history.frames
    }

    func wait(_ timeout: Duration = .seconds(20), until isMet: @escaping @Sendable (History) -> Bool) async -> Bool {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = Task {
            guard (try? await Task.sleep(for: timeout)) != nil else { return }
            state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: false)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isAlready = state.withLock { state in
                if isMet(state.history) { return true }
                state.waiters[number] = Waiter(isMet: isMet, continuation: continuation)
                return false
            }
            if isAlready { continuation.resume(returning: true) }
        }
    }

    private func note(_ event: WebSocketEvent) {
        let met = state.withLock { state in
            if !state.history.closures.isEmpty { state.history.violations += 1 }
            switch event {
            case .opened:
                if state.history.isOpened { state.history.violations += 1 }
                state.history.isOpened = true
            case .frame(let bytes): state.history.frames.append(bytes)
            case .closed(let closure): state.history.closures.append(closure)
            }
            var met: [CheckedContinuation<Bool, Never>] = []
            for (number, waiter) in state.waiters where waiter.isMet(state.history) {
                met.append(waiter.continuation)
                state.waiters[number] = nil
            }
            return met
        }
        for continuation in met { continuation.resume(returning: true) }
    }
}

/// What the suites share: one loop with production's options serves most tests, as in the product.
enum Shared {
    static let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .warning
        return logger
    }()

    static let loop: Result<WebSocketEventLoop, any Error> = Result { try WebSocketEventLoop(logger: logger) }

    static let certificates: Result<TestCertificates, any Error> = Result { try TestCertificates() }

    /// A loop that trusts the test authority.
    static let trustingLoop: Result<WebSocketEventLoop, any Error> = Result {
        var options = WebSocketEventLoopOptions()
        options.certificateAuthorityFile = try certificates.get().authorityFile
        return try WebSocketEventLoop(logger: logger, options: options)
    }
}

extension FakeHomeAssistant {
    /// Where this server is, for a client.
    func target(host: String? = nil, isSecure: Bool = false, timeout: Duration = .seconds(10)) -> WebSocketTarget {
        WebSocketTarget(
            address: address, host: host ?? address, port: port, isSecure: isSecure, handshakeTimeout: timeout)
    }
}
