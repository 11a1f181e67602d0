import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import WebSocketTransport

/// What a session connects to.
package struct SessionTarget: Sendable {
    /// The stored connection.
    package var connection: ConnectionID
    /// Where Home Assistant is.
    package var url: HomeAssistantURL
    /// The long-lived access token, opened.
    package var token: Secret
    /// What is demanded of its certificate.
    package var trust: TLSTrust

    /// A target.
    package init(connection: ConnectionID, url: HomeAssistantURL, token: Secret, trust: TLSTrust = .system) {
        self.connection = connection
        self.url = url
        self.token = token
        self.trust = trust
    }
}

/// What all sessions of a process share.
package struct SessionEnvironment: Sendable {
    /// The one event loop of all sockets.
    package var loop: WebSocketEventLoop
    /// Looks names up off the event loop.
    package var resolver: HostResolver
    /// Watches the sessions' deadlines.
    package var timer: DeadlineTimer
    /// Deadlines of each session.
    package var timings: SessionTimings

    /// The environment of a process.
    package init(
        loop: WebSocketEventLoop, resolver: HostResolver, timer: DeadlineTimer,
        timings: SessionTimings = SessionTimings()
    ) {
        self.loop = loop
        self.resolver = resolver
        self.timer = timer
        self.timings = timings
    }
}

/// Carries out what `SessionStateMachine` decides: the only part of a session that touches socket, clock and tasks.
package struct Session: Sendable {
    private let target: SessionTarget
    private let purpose: SessionPurpose
    private let environment: SessionEnvironment
    private let consumer: any FrameConsumer
    private let meter: any SessionMeter
    private let logger: Logger

    /// A session that has not started.
    package init(
        target: SessionTarget, purpose: SessionPurpose = .events, environment: SessionEnvironment,
        consumer: any FrameConsumer, meter: any SessionMeter, logger: Logger
    ) {
        self.target = target
        self.purpose = purpose
        self.environment = environment
        self.consumer = consumer
        self.meter = meter
        self.logger = logger
    }

    /// One thing that happened, with the number of the socket it happened to.
    private enum Signal: Sendable {
        case resolved([ResolvedAddress])
        case resolutionFailed(String)
        case opened(Int)
        case frame(Int, [UInt8], ContinuousClock.Instant)
        case closed(Int, WebSocketClosure)
        /// Memory is full.
        case full(Int)
        /// There is room in memory again.
        case room
        /// Someone wants a command sent.
        case ask(Asked, fields: String)
    }

    /// A command whose answer someone waits for.
    private struct Asked: Sendable {
        var ticket: UInt64
        var deadline: ContinuousClock.Instant
        var resume: @Sendable (Result<CommandAnswer, CommandFailure>) -> Void
    }

    /// Keeps events flowing until the task is cancelled; also returns when `until` says that a notice was the last one wanted.
    ///
    /// `onNotice` is called in order and must not wait. `onReady` is called, in the same order, each time Home Assistant is ready
    /// for commands of others; the port works until the connection ends, and again after the next one. A cancelled session closes its socket before it returns, and hands on what
    /// Home Assistant had sent until it learned of that; a peer that does not answer the close has a second.
    package func run(
        onNotice: @escaping @Sendable (SessionNotice) -> Void,
        onReady: @escaping @Sendable (CommandPort) -> Void = { _ in },
        until isLast: @escaping @Sendable (SessionNotice) -> Bool = { _ in false }
    ) async {
        let mailbox = Mailbox<Signal>(timer: environment.timer)
        await withDiscardingTaskGroup { group in
            var shell = Shell(
                session: self, mailbox: mailbox, onNotice: onNotice, onReady: onReady, isLast: isLast)
            shell.perform(.start, &group)
            while !shell.isFinished {
                let signals = await mailbox.next(until: shell.wakeUp)
                for signal in signals { shell.handle(signal, &group) }
                if Task.isCancelled || shell.sawLast {
                    shell.perform(.stop, &group)
                } else {
                    shell.checkClock(&group)
                }
            }
            shell.failAsked(.disconnected)
            if shell.closingGeneration != nil {
                // In a task of its own, which is awaited: this one is cancelled, so that it could not wait any more.
                await Task { [shell] in
                    var shell = shell
                    await shell.drain()
                }.value
            }
            mailbox.close()
            for signal in mailbox.takeAll() {
                switch signal {
                case .frame(_, let bytes, _): consumer.release(bytes.count, for: target.connection)
                case .ask(let asked, _): asked.resume(.failure(.disconnected))
                default: break
                }
            }
            group.cancelAll()
        }
    }

    /// The mutable half of a running session; lives in its one task.
    private struct Shell: Sendable {
        let session: Session
        let mailbox: Mailbox<Signal>
        let onNotice: @Sendable (SessionNotice) -> Void
        let onReady: @Sendable (CommandPort) -> Void
        let isLast: @Sendable (SessionNotice) -> Bool
        var machine: SessionStateMachine
        var socket: WebSocketID?
        var generation = 0
        /// The socket over which events were last flowing; its late frames still count.
        var subscribedGeneration = 0
        /// The socket that this side has closed last, until the loop says that it is gone.
        var closingGeneration: Int?
        var addresses: [ResolvedAddress] = []
        /// Since when the socket is not being read, because memory is full.
        var fullSince: ContinuousClock.Instant?
        var isFinished = false
        var sawLast = false
        /// Commands of others that wait for an answer.
        private var asked: [UInt64: Asked] = [:]

        init(
            session: Session, mailbox: Mailbox<Signal>, onNotice: @escaping @Sendable (SessionNotice) -> Void,
            onReady: @escaping @Sendable (CommandPort) -> Void, isLast: @escaping @Sendable (SessionNotice) -> Bool
        ) {
            self.session = session
            self.mailbox = mailbox
            self.onNotice = onNotice
            self.onReady = onReady
            self.isLast = isLast
            machine = SessionStateMachine(purpose: session.purpose, timings: session.environment.timings)
        }

        /// When to look again without being woken.
        var wakeUp: ContinuousClock.Instant? {
            [fullDeadline, machine.deadline, asked.values.map(\.deadline).min()].compactMap { $0 }.min()
        }

        /// When a socket that is not being read has been so for too long.
        private var fullDeadline: ContinuousClock.Instant? {
            fullSince.map { $0 + session.environment.timings.fullPause }
        }

        mutating func checkClock(_ group: inout DiscardingTaskGroup) {
            for late in asked.values where late.deadline <= .now { settle(late.ticket, .failure(.timedOut)) }
            if let fullDeadline, fullDeadline <= .now {
                fullSince = nil
                perform(.overflow, &group)
            } else if let deadline = machine.deadline, deadline <= .now {
                perform(.deadline, &group)
            }
        }

        mutating func perform(_ input: SessionInput, _ group: inout DiscardingTaskGroup) {
            for action in machine.on(input, at: .now) { carryOut(action, &group) }
        }

        private mutating func carryOut(_ action: SessionAction, _ group: inout DiscardingTaskGroup) {
            switch action {
            case .resolve:
                let url = session.target.url
                let resolver = session.environment.resolver
                let mailbox = mailbox
                group.addTask {
                    do {
                        mailbox.push(
                            .resolved(
                                try await resolver.resolve(host: url.host, port: url.port, isSecure: url.isSecure)))
                    } catch {
                        mailbox.push(.resolutionFailed("\(error)"))
                    }
                }
            case .connect(let address): connect(address)
            case .sendToken: sendToken()
            case .send(let id, let command):
                if let socket { session.environment.loop.send(.text(command.encoded(id: id)), on: socket) }
            case .closeSocket(let reason):
                if let socket {
                    session.environment.loop.close(socket, code: 1000, reason: reason)
                    closingGeneration = generation
                }
                socket = nil
                fullSince = nil
                generation += 1
            case .notify(let notice):
                if case .subscribed = notice { subscribedGeneration = generation }
                if case .disconnected = notice { failAsked(.disconnected) }
                if case .attemptFailed = notice { failAsked(.disconnected) }
                onNotice(notice)
                if isLast(notice) { sawLast = true }
            case .ready:
                let mailbox = mailbox
                onReady(
                    CommandPort { (fields, limit) async throws(CommandFailure) in
                        try await Self.ask(fields, within: limit, over: mailbox)
                    })
            case .decline(let ticket): settle(ticket, .failure(.disconnected))
            case .finish: isFinished = true
            }
        }

        private mutating func connect(_ index: Int) {
            guard addresses.indices.contains(index) else { return }
            generation += 1
            let number = generation
            let url = session.target.url
            let target = WebSocketTarget(
                address: addresses[index].address, host: url.host, port: url.port, isSecure: url.isSecure,
                trust: session.target.trust, path: url.webSocketPath,
                handshakeTimeout: session.environment.timings.connect)
            let mailbox = mailbox
            let consumer = session.consumer
            let connection = session.target.connection
            socket = session.environment.loop.open(target) { event in
                switch event {
                case .opened: mailbox.push(.opened(number))
                case .frame(let bytes):
                    let mayGoOn = consumer.reserve(bytes.count, for: connection)
                    guard mailbox.push(.frame(number, bytes, .now)) else {
                        consumer.release(bytes.count, for: connection)
                        return
                    }
                    if !mayGoOn { mailbox.push(.full(number)) }
                case .closed(let closure): mailbox.push(.closed(number, closure))
                }
            }
        }

        private func sendToken() {
            guard let socket else { return }
            session.environment.loop.send(
                .secret(
                    prefix: Array(#"{"type":"auth","access_token":""#.utf8), session.target.token,
                    suffix: Array(#""}"#.utf8)), on: socket)
        }

        mutating func handle(_ signal: Signal, _ group: inout DiscardingTaskGroup) {
            switch signal {
            case .resolved(let addresses):
                self.addresses = addresses
                perform(.resolved(count: addresses.count), &group)
            case .resolutionFailed(let reason): perform(.resolutionFailed(reason), &group)
            case .opened(let number) where number == generation: perform(.opened, &group)
            case .closed(let number, let closure) where number == generation:
                socket = nil
                fullSince = nil
                perform(.closed(closure), &group)
            case .full(let number) where number == generation:
                guard fullSince == nil, let socket else { return }
                fullSince = .now
                session.environment.loop.setReading(false, on: socket)
                let mailbox = mailbox
                session.consumer.whenRoom(for: session.target.connection) { mailbox.push(.room) }
            case .room:
                if fullSince != nil, let socket { session.environment.loop.setReading(true, on: socket) }
                fullSince = nil
                if machine.state == .overflowing { perform(.drained, &group) }
            case .frame(let number, let bytes, let receivedAt):
                for input in take(bytes, from: number, at: receivedAt) { perform(input, &group) }
            case .ask(let command, let fields):
                asked[command.ticket] = command
                perform(.ask(ticket: command.ticket, fields: fields), &group)
            case .closed(let number, _) where number == closingGeneration: closingGeneration = nil
            case .opened, .closed, .full: break
            }
        }

        // MARK: Commands of others

        private static func ask(
            _ fields: String, within limit: Duration, over mailbox: Mailbox<Signal>
        ) async throws(CommandFailure) -> CommandAnswer {
            let answer = await withCheckedContinuation { continuation in
                let asked = Asked(
                    ticket: .random(in: .min ... .max), deadline: .now + limit,
                    resume: { continuation.resume(returning: $0) })
                if !mailbox.push(.ask(asked, fields: fields)) { asked.resume(.failure(.disconnected)) }
            }
            return try answer.get()
        }

        /// Gives an asker its answer; a ticket that is settled already is left alone.
        private mutating func settle(_ ticket: UInt64, _ answer: Result<CommandAnswer, CommandFailure>) {
            asked.removeValue(forKey: ticket)?.resume(answer)
        }

        /// Lets everyone go who waits for an answer.
        mutating func failAsked(_ failure: CommandFailure) {
            for ticket in asked.keys { settle(ticket, .failure(failure)) }
        }

        /// Hands on the frames that the peer had sent before it learned of the close, until the socket is gone or a second is
        /// over.
        mutating func drain() async {
            let deadline = ContinuousClock.now + .seconds(1)
            while ContinuousClock.now < deadline {
                for signal in await mailbox.next(until: deadline) {
                    switch signal {
                    case .frame(let number, let bytes, let receivedAt): _ = take(bytes, from: number, at: receivedAt)
                    case .closed(let number, _) where number == closingGeneration: return
                    default: break
                    }
                }
            }
        }

        /// Hands on what a frame holds for the writer and returns what it holds for the state machine.
        private mutating func take(
            _ bytes: [UInt8], from number: Int, at receivedAt: ContinuousClock.Instant
        ) -> [SessionInput] {
            let connection = session.target.connection
            let isCurrent = number == generation
            guard isCurrent || number == subscribedGeneration else {
                session.consumer.release(bytes.count, for: connection)
                return []
            }
            let isGreeting = isCurrent && (machine.state == .awaitingGreeting || machine.state == .authenticating)
            let sorter = FrameSorter(
                pending: machine.pending, subscriptions: machine.subscriptions, takesAnyEvent: !isCurrent)
            let sorted = sorter.sort(bytes)
            session.meter.received(
                messages: sorted.messages, events: sorted.events.count, errors: sorted.errors,
                unknown: sorted.unknown)
            for (ticket, result) in sorted.answers {
                settle(ticket, result.map { CommandAnswer(frame: bytes, result: $0) })
            }
            if isGreeting, sorted.unreadable != nil || bytes.count > FrameSorter.greetingLimit {
                session.consumer.release(bytes.count, for: connection)
                return [.notHomeAssistant]
            }
            if sorted.hasContent {
                var frame = ReceivedFrame(
                    connection: connection, bytes: bytes, events: sorted.events, snapshot: sorted.snapshot,
                    unreadable: sorted.unreadable, receivedAt: receivedAt, receivedTime: .now)
                frame.blank(sorted.answers)
                session.consumer.accept(frame)
            } else {
                session.consumer.release(bytes.count, for: connection)
            }
            return isCurrent ? sorted.inputs : []
        }
    }
}

extension ReceivedFrame {
    /// Overwrites the answers that came in the same frame: they belong to those who asked, not to who stores events. The
    /// configuration of an automation holds passwords that no one could tell from other texts.
    fileprivate mutating func blank(_ answers: [(ticket: UInt64, result: Result<Range<Int>, CommandFailure>)]) {
        for case (_, .success(let range)) in answers where !range.isEmpty {
            bytes.replaceSubrange(range, with: [0x30] + [UInt8](repeating: 0x20, count: range.count - 1))
        }
    }
}
