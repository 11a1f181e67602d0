import BridgeConcurrency
import BridgeCore
import WebSocketTransport

/// The life of one subscription to one Home Assistant, without clock, socket or task.
///
/// The shell feeds inputs with the current time, carries out the actions in their order, and feeds `.deadline` when
/// `deadline` has come. Attempts go on for ever; only a refused token or `stop` ends them.
package struct SessionStateMachine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Where a session stands. Each case says where it may go, beside `backingOff` on any failure and `stopped` on `stop`.
    package enum State: Equatable, Sendable {
        /// Goes to `resolving`.
        case idle
        /// Asks for the addresses of the host. Goes to `connecting`.
        case resolving
        /// Tries one address after another. Goes to `awaitingGreeting`, or to `connecting` with the next address.
        case connecting(address: Int)
        /// Waits for `auth_required`. Goes to `authenticating`.
        case awaitingGreeting
        /// Has sent the token. Goes to `describing`, `authenticationFailed`.
        case authenticating
        /// Asks who we are and what Home Assistant this is. Goes to `subscribing`.
        case describing
        /// Waits for the results of the subscriptions. Goes to `awaitingRunning`, `snapshotting`.
        case subscribing
        /// Events flow while Home Assistant still starts. Goes to `snapshotting`.
        case awaitingRunning
        /// Has asked for all states. Goes to `streaming`.
        case snapshotting
        /// Events flow and pings come back. Goes to `backingOff`.
        case streaming
        /// Waits before the next attempt. Goes to `resolving`.
        case backingOff
        /// Waits for room in memory. Goes to `resolving`.
        case overflowing
        /// The token was refused. Goes nowhere: a changed row starts a new session.
        case authenticationFailed
        case stopped
    }

    /// The current state.
    package private(set) var state: State = .idle
    /// When `.deadline` is to be fed, if ever.
    package var deadline: Instant? {
        guard let pongDeadline = ping?.deadline else { return stateDeadline }
        return min(pongDeadline, stateDeadline ?? pongDeadline)
    }
    /// Commands that wait for an answer.
    package private(set) var pending: [CommandID: Command] = [:]
    /// Commands whose events are wanted.
    package private(set) var subscriptions: Set<CommandID> = []

    private let purpose: SessionPurpose
    private let timings: SessionTimings
    private let retry: RetryPolicy
    private var generator: any RandomNumberGenerator & Sendable
    private var stateDeadline: Instant?
    private var ping: (id: CommandID, sentAt: Instant, deadline: Instant)?
    private var nextPing: Instant?
    private var lastCommand: UInt64 = 0
    private var addressCount = 0
    private var attempt = 0
    private var attemptStarted: Instant?
    private var subscribedAt: Instant?
    private var version = ""
    private var isAdministrator: Bool?
    private var configuration: HomeAssistantConfiguration?
    private var refused: [String] = []

    /// A session that has not started. `generator` spreads the waits.
    package init(
        purpose: SessionPurpose = .events, timings: SessionTimings = SessionTimings(),
        retry: RetryPolicy = .homeAssistant,
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.purpose = purpose
        self.timings = timings
        self.retry = retry
        self.generator = generator
    }

    /// Whether the socket carries events.
    package var isSubscribed: Bool { subscribedAt != nil }

    /// Takes one input and returns what to do.
    package mutating func on(_ input: SessionInput, at now: Instant) -> [SessionAction] {
        switch (state, input) {
        case (.streaming, .ask(let ticket, let fields)): return [send(.ask(ticket: ticket, fields: fields))]
        case (_, .ask(let ticket, _)): return [.decline(ticket: ticket)]
        case (.stopped, _), (.authenticationFailed, .deadline): return []
        case (_, .stop): return stop(at: now)
        case (.authenticationFailed, _): return []

        case (.idle, .start): return beginAttempt(at: now)
        case (.backingOff, .deadline), (.overflowing, .drained): return beginAttempt(at: now)
        case (.backingOff, _), (.overflowing, _): return []

        case (.resolving, .resolved(let count)) where count > 0:
            addressCount = count
            return connect(address: 0, at: now)
        case (.resolving, .resolved): return fail(.name, "The host name has no address.", at: now)
        case (.resolving, .resolutionFailed(let reason)): return fail(.name, reason, at: now)
        case (.resolving, .deadline): return fail(.name, "The name server did not answer.", at: now)

        case (.connecting, .opened):
            enter(.awaitingGreeting, until: now + timings.authenticate)
            return []
        case (.connecting(let address), .closed(let closure)):
            return closure.isWorthAnotherAddress && address + 1 < addressCount
                ? connect(address: address + 1, at: now) : fail(closure, at: now)
        // The transport bounds the handshake itself; this is for the case that it does not.
        case (.connecting, .deadline): return abandon(.timeout, "The handshake took too long.", at: now)

        case (.awaitingGreeting, .authRequired(let version?)):
            self.version = version
            enter(.authenticating, until: now + timings.authenticate)
            return [.sendToken]
        case (.awaitingGreeting, .authRequired(nil)), (_, .notHomeAssistant):
            return abandon(.protocolViolation, "The server does not speak Home Assistant's protocol.", at: now)
        case (.awaitingGreeting, .deadline):
            return abandon(.timeout, "Home Assistant sent no greeting.", at: now)

        case (.authenticating, .authOK(let version)):
            if let version { self.version = version }
            return describe(at: now)
        case (.authenticating, .authInvalid): return refuseToken(at: now)
        case (.authenticating, .deadline):
            return abandon(.timeout, "Home Assistant did not answer the authentication.", at: now)

        case (_, .closed(let closure)): return fail(closure, at: now)
        case (_, .overflow): return overflow(at: now)
        case (_, .reply(let id, let reply)): return handle(reply, to: id, at: now)
        case (_, .pong(let id)): return handlePong(id, at: now)
        case (_, .deadline): return handleDeadline(at: now)
        default: return []
        }
    }

    // MARK: Attempts

    private mutating func beginAttempt(at now: Instant) -> [SessionAction] {
        attempt += 1
        attemptStarted = now
        enter(.resolving, until: now + timings.resolve)
        return [.notify(.connecting), .resolve]
    }

    private mutating func connect(address: Int, at now: Instant) -> [SessionAction] {
        enter(.connecting(address: address), until: now + timings.connect + .seconds(2))
        return [.connect(address: address)]
    }

    /// Closes the socket from our side and waits for the next attempt.
    private mutating func abandon(_ kind: FailureKind, _ reason: String, at now: Instant) -> [SessionAction] {
        [.closeSocket(reason: reason)] + fail(kind, reason, at: now)
    }

    private mutating func fail(_ closure: WebSocketClosure, at now: Instant) -> [SessionAction] {
        fail(closure.failureKind, closure.message, at: now)
    }

    private mutating func fail(_ kind: FailureKind, _ reason: String, at now: Instant) -> [SessionAction] {
        let notice: SessionNotice?
        if let subscribedAt {
            let lasted = now - subscribedAt
            if lasted >= timings.stable { attempt = 0 }
            notice = .disconnected(reason: reason, lasted: lasted)
        } else {
            notice = nil
        }
        let wait = retry.delay(attempt: max(attempt, 1), using: &generator).scaled
        let failure = SessionNotice.attemptFailed(
            kind, reason: reason, retryIn: wait, elapsed: now - (attemptStarted ?? now))
        resetConnection()
        enter(.backingOff, until: now + wait)
        return [.notify(notice ?? failure)]
    }

    private mutating func refuseToken(at now: Instant) -> [SessionAction] {
        let elapsed = now - (attemptStarted ?? now)
        resetConnection()
        enter(.authenticationFailed, until: nil)
        return [.closeSocket(reason: "The token was refused."), .notify(.authenticationFailed(elapsed: elapsed))]
    }

    private mutating func overflow(at now: Instant) -> [SessionAction] {
        var actions: [SessionAction] = [.closeSocket(reason: "Too much is waiting to be written.")]
        // First the cause: it is what opens the gap.
        actions.append(.notify(.overflow))
        if let subscribedAt {
            actions.append(
                .notify(
                    .disconnected(reason: "Too much is waiting to be written.", lasted: now - subscribedAt)))
        }
        resetConnection()
        enter(.overflowing, until: nil)
        return actions
    }

    private mutating func stop(at now: Instant) -> [SessionAction] {
        var actions: [SessionAction] = []
        switch state {
        case .idle, .resolving, .backingOff, .overflowing, .authenticationFailed, .stopped: break
        default: actions.append(.closeSocket(reason: "The bridge is stopping."))
        }
        if let subscribedAt {
            actions.append(.notify(.disconnected(reason: "The bridge stopped.", lasted: now - subscribedAt)))
        }
        resetConnection()
        enter(.stopped, until: nil)
        return actions + [.finish]
    }

    private mutating func resetConnection() {
        pending = [:]
        subscriptions = []
        ping = nil
        nextPing = nil
        lastCommand = 0
        subscribedAt = nil
        isAdministrator = nil
        configuration = nil
        refused = []
    }

    private mutating func enter(_ state: State, until deadline: Instant?) {
        self.state = state
        stateDeadline = deadline
    }

    // MARK: Commands

    private mutating func send(_ command: Command) -> SessionAction {
        lastCommand += 1
        let id = CommandID(lastCommand)
        pending[id] = command
        return .send(id, command)
    }

    private mutating func describe(at now: Instant) -> [SessionAction] {
        enter(.describing, until: now + timings.command)
        return [send(.coalesceMessages), send(.currentUser), send(.getConfig)]
    }

    private mutating func subscribe(toAll: Bool, at now: Instant) -> [SessionAction] {
        enter(.subscribing, until: now + timings.command)
        if toAll { return [send(.subscribeEvents(type: nil))] }
        return Command.allowedWithoutAdministrator.map { send(.subscribeEvents(type: $0)) }
    }

    private mutating func handle(_ reply: CommandReply, to id: CommandID, at now: Instant) -> [SessionAction] {
        guard let command = pending.removeValue(forKey: id) else {
            // An error result for a live subscription is Home Assistant's way to say that one event could not be sent.
            if case .failed(let code) = reply, subscriptions.contains(id) {
                return [.notify(.eventNotDelivered(code: code))]
            }
            return []
        }
        switch (command, reply) {
        case (.currentUser, .user(let user)): isAdministrator = user.isAdministrator
        case (.currentUser, _): isAdministrator = false
        case (.getConfig, .configuration(let configuration)):
            self.configuration = configuration
            version = configuration.version
        case (.getConfig, _) where state == .describing:
            return abandon(.protocolViolation, "Home Assistant did not describe itself.", at: now)
        case (.subscribeEvents, .succeeded): subscriptions.insert(id)
        case (.subscribeEvents(let type), _): refused.append(type ?? "*")
        case (.getStates, .states) where state == .snapshotting: return stream()
        case (.getStates, _) where state == .snapshotting:
            return abandon(.protocolViolation, "Home Assistant did not send its states.", at: now)
        default: break
        }
        return proceed(at: now)
    }

    /// Goes on when the last answer that a state waits for is there.
    private mutating func proceed(at now: Instant) -> [SessionAction] {
        switch state {
        case .describing:
            guard let isAdministrator, let configuration else { return [] }
            switch purpose {
            case .events: return subscribe(toAll: isAdministrator, at: now)
            case .commands:
                nextPing = now + timings.ping
                if configuration.isRunning { return stream() }
                enter(.awaitingRunning, until: now + timings.probe)
                return []
            }
        case .subscribing:
            guard !pending.values.contains(where: \.isSubscription) else { return [] }
            return subscribed(at: now)
        case .awaitingRunning:
            guard configuration?.isRunning == true else { return [] }
            return purpose == .events ? takeSnapshot(at: now) : stream()
        default: return []
        }
    }

    private mutating func subscribed(at now: Instant) -> [SessionAction] {
        if subscriptions.isEmpty {
            // "*" refused: the token lost its rights between two commands, or a proxy filters. Ask for the allowed list.
            if refused == ["*"] {
                refused = []
                isAdministrator = false
                return subscribe(toAll: false, at: now)
            }
            return abandon(.protocolViolation, "Home Assistant refused every subscription.", at: now)
        }
        subscribedAt = now
        nextPing = now + timings.ping
        let details = SessionDetails(
            version: version, isAdministrator: isAdministrator ?? false, configuration: configuration)
        var actions: [SessionAction] = [
            .notify(.subscribed(details, elapsed: now - (attemptStarted ?? now)))
        ]
        if !refused.isEmpty { actions.append(.notify(.subscriptionsRefused(refused))) }
        if configuration?.isRunning == true { return actions + takeSnapshot(at: now) }
        enter(.awaitingRunning, until: now + timings.probe)
        return actions
    }

    private mutating func takeSnapshot(at now: Instant) -> [SessionAction] {
        enter(.snapshotting, until: now + timings.snapshot)
        return [send(.getStates)]
    }

    private mutating func stream() -> [SessionAction] {
        enter(.streaming, until: nextPing)
        return [.ready]
    }

    // MARK: Time

    private mutating func handlePong(_ id: CommandID, at now: Instant) -> [SessionAction] {
        pending[id] = nil
        guard let ping, ping.id == id else { return [] }
        self.ping = nil
        nextPing = max(now, ping.sentAt + timings.ping)
        if state == .streaming { stateDeadline = nextPing }
        return [.notify(.roundTrip(now - ping.sentAt))]
    }

    private mutating func handleDeadline(at now: Instant) -> [SessionAction] {
        if let ping, ping.deadline <= now {
            return abandon(.timeout, "Home Assistant stopped answering.", at: now)
        }
        guard let stateDeadline, stateDeadline <= now else { return [] }
        switch state {
        case .describing, .subscribing:
            return abandon(.timeout, "Home Assistant did not answer the first commands.", at: now)
        case .snapshotting:
            return abandon(.timeout, "Home Assistant did not send its states in time.", at: now)
        case .awaitingRunning:
            enter(.awaitingRunning, until: now + timings.probe)
            let probing = pending.values.contains(.getConfig)
            return (probing ? [] : [send(.getConfig)]) + pingIfDue(at: now)
        case .streaming:
            return pingIfDue(at: now)
        default: return []
        }
    }

    private mutating func pingIfDue(at now: Instant) -> [SessionAction] {
        guard ping == nil, let due = nextPing, due <= now else { return [] }
        let action = send(.ping)
        ping = (CommandID(lastCommand), now, now + timings.pong)
        if state == .streaming { stateDeadline = nil }
        return [action]
    }
}

extension Command {
    fileprivate var isSubscription: Bool {
        if case .subscribeEvents = self { true } else { false }
    }
}
