import BridgeConcurrency
import COpenSSL
import Foundation

/// A WebSocket server that speaks Home Assistant's protocol, and can misbehave in every way that a test needs.
///
/// Hand-written over POSIX sockets, one thread for each connection, so that each byte on the wire is the test's choice. Stop it
/// at the end of a test: it then leaves no thread behind.
package final class FakeHomeAssistant: Sendable {
    private struct Waiter {
        let isMet: @Sendable (FakeRecord) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var behaviour: FakeBehaviour
        var record = FakeRecord()
        var live: [Int: FakeConnection] = [:]
        var threads: Set<pthread_t> = []
        /// Threads that have done their work; the next connection joins them, so that their stacks do not pile up.
        var finished: [pthread_t] = []
        var listener: FakeListener?
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    /// The port it listens on; stays the same over `restart`.
    package let port: UInt16

    /// The address it listens on.
    package let address: String

    /// What was fired and is owed, if the test keeps account.
    package let ledger: EventLedger?

    /// Its automations, which can be read and changed over REST on the same port.
    package let automations = FakeAutomationFile()

    private let state: LockedBox<State>
    /// Home Assistant does one thing after another: events are fired, and pings and subscriptions are answered, in turn.
    private let turn = NSRecursiveLock()
    // An SSL_CTX, made in init and freed in deinit; OpenSSL locks it itself.
    private nonisolated(unsafe) let context: OpaquePointer?

    /// Starts to listen, on a port that the system chooses.
    package init(
        _ behaviour: FakeBehaviour = FakeBehaviour(),
        certificate: TestCertificates.Server? = nil,
        address: String = "127.0.0.1",
        ledger: EventLedger? = nil
    ) throws {
        // A client that went away must not end the process of the tests.
        signal(SIGPIPE, SIG_IGN)
        self.address = address
        self.ledger = ledger
        if let certificate {
            context = SSL_CTX_new(TLS_server_method())
            guard SSL_CTX_use_certificate_chain_file(context, certificate.certificateFile) == 1,
                SSL_CTX_use_PrivateKey_file(context, certificate.keyFile, SSL_FILETYPE_PEM) == 1
            else { throw FakeListener.Failure(description: "The certificate cannot be used.") }
        } else {
            context = nil
        }
        let box = LockedBox(State(behaviour: behaviour))
        state = box
        let deliver = LockedBox<(@Sendable (Int32) -> Void)?>(nil)
        let listener = try FakeListener(address: address, port: 0) { descriptor in
            if let deliver = deliver.withLock({ $0 }) { deliver(descriptor) } else { close(descriptor) }
        }
        port = listener.port
        box.withLock { $0.listener = listener }
        deliver.withLock { $0 = { [weak self] in self?.accepted($0) } }
    }

    deinit {
        stop()
        if let context { SSL_CTX_free(context) }
    }

    /// `http://127.0.0.1:port` or `https://localhost:port`.
    package var url: String {
        let host = address.contains(":") ? "[\(address)]" : address
        return context == nil ? "http://\(host):\(port)" : "https://localhost:\(port)"
    }

    // MARK: What it does

    /// The present behaviour.
    package var behaviour: FakeBehaviour { state.withLock { $0.behaviour } }

    /// Changes the behaviour.
    package func update(_ body: @Sendable (inout FakeBehaviour) -> Void) { state.withLock { body(&$0.behaviour) } }

    /// The open connections, oldest first.
    package var connections: [FakeConnection] {
        state.withLock { $0.live.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Ends all connections without a close frame, stops listening, and waits for all threads.
    package func stop() {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        listener?.stop()
        for connection in connections { connection.drop() }
        let threads = state.withLock { state in
            defer {
                state.threads = []
                state.finished = []
            }
            return state.threads
        }
        for thread in threads {
            // The last reference may have gone away on one of these threads; none can wait for itself.
            if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
        }
    }

    /// Listens again on the same port, after `stop` or in place of it. The record goes on.
    package func restart() throws {
        stop()
        let listener = try FakeListener(address: address, port: port) { [weak self] in self?.accepted($0) }
        state.withLock { $0.listener = listener }
    }

    /// Closes every connection with a close frame, as a Home Assistant that stops does (with 1000).
    package func closeAll(code: UInt16 = 1000) { for connection in connections { connection.close(code: code) } }

    /// Ends every connection by a TCP reset.
    package func resetAll() { for connection in connections { connection.reset() } }

    // MARK: Pushing

    /// Sends an event to every subscription that asked for its type.
    ///
    /// - Parameter json: the value of `event`, a JSON object.
    /// - Returns: how many messages went out.
    @discardableResult
    package func push(eventType: String, json: String) -> Int { push([(eventType, json)], coalesced: false) }

    /// Sends events; as one array for each connection if `coalesced` and the connection has asked for arrays.
    @discardableResult
    package func push(_ events: [(type: String, json: String)], coalesced: Bool = true) -> Int {
        connections.reduce(0) { $0 + $1.push(events, coalesced: coalesced) }
    }

    /// Fires events that the ledger makes, at one moment: more than a queue holds drop its client, however fast it reads.
    @discardableResult
    package func fire(_ make: (EventLedger) -> [EventLedger.Fired]) -> Int {
        guard let ledger else { return 0 }
        var count = 0
        inTurn {
            let events = make(ledger)
            count = events.count
            for connection in connections { connection.push(events) }
        }
        return count
    }

    /// Fires an event that cannot be sent, as when its data are no JSON: the subscription with this id gets an error instead.
    package func fireUndelivered(on subscription: Int) {
        guard let ledger else { return }
        inTurn {
            _ = ledger.event("undelivered")
            let error = #""error":{"code":"unknown_error","message":"Invalid JSON in response"}"#
            for connection in connections {
                connection.send(#"{"id":\#(subscription),"type":"result","success":false,\#(error)}"#)
            }
        }
    }

    /// Sends the same bytes, frames and all, to every authenticated connection.
    package func push(frames: [UInt8]) { for connection in connections { connection.write(frames) } }

    // MARK: What it saw

    /// All that was seen so far.
    package var snapshot: FakeRecord { state.withLock { $0.record } }

    /// Waits until `isMet` holds of the record; false after `timeout`.
    package func wait(
        _ timeout: Duration = .seconds(10), until isMet: @escaping @Sendable (FakeRecord) -> Bool
    ) async -> Bool {
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
                if isMet(state.record) { return true }
                state.waiters[number] = Waiter(isMet: isMet, continuation: continuation)
                return false
            }
            if isAlready { continuation.resume(returning: true) }
        }
    }

    // MARK: For the connections

    func note(_ number: Int, _ body: (inout FakeRecord.Connection) -> Void) {
        change { body(&$0.connections[number]) }
    }

    func noteDrop(_ number: Int) { note(number) { $0.isDropped = true } }

    /// Runs `body` while nothing else is fired or answered. With a ledger the connections must have queues, so that `body`
    /// never waits for a client.
    func inTurn(_ body: () -> Void) {
        guard ledger != nil else { return body() }
        turn.lock()
        defer { turn.unlock() }
        body()
    }

    func noteAuthAttempt() { change { $0.authAttempts += 1 } }

    /// The last call of a connection's thread.
    func ended(_ number: Int) {
        note(number) { $0.isOpen = false }
        state.withLock { state in
            state.live[number] = nil
            state.finished.append(pthread_self())
        }
    }

    private func change(_ body: (inout FakeRecord) -> Void) {
        let met = state.withLock { state in
            body(&state.record)
            var met: [CheckedContinuation<Bool, Never>] = []
            for (number, waiter) in state.waiters where waiter.isMet(state.record) {
                met.append(waiter.continuation)
                state.waiters[number] = nil
            }
            return met
        }
        for continuation in met { continuation.resume(returning: true) }
    }

    private func accepted(_ descriptor: Int32) {
        let channel = FakeChannel(descriptor: descriptor, context: context)
        // The number and the record belong together, and the record must exist before the thread starts.
        let connection = state.withLock { state in
            let number = state.record.connections.count
            state.record.connections.append(FakeRecord.Connection(number: number))
            let connection = FakeConnection(number: number, channel: channel, isSecure: context != nil, server: self)
            state.live[number] = connection
            return connection
        }
        change { _ in }
        let finished = state.withLock { state in
            defer { state.finished = [] }
            let known = state.finished.filter(state.threads.contains)
            state.threads.subtract(known)
            return known
        }
        for thread in finished { pthread_join(thread, nil) }
        var thread = pthread_t()
        if pthread_create(&thread, nil, fakeConnectionMain, Unmanaged.passRetained(connection).toOpaque()) == 0 {
            state.withLock { _ = $0.threads.insert(thread) }
        }
    }
}

private func fakeConnectionMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<FakeConnection>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
