import BridgeConcurrency
import BridgeCore
import Cryptography
import HomeAssistantClient
import Logging
import Store

/// What the runners of all connections share.
package struct RunnerEnvironment: Sendable {
    package var session: SessionEnvironment
    package var queue: SpoolQueue
    package var sealer: TokenSealer
    package var audit: AuditRecorder
    package var status: StatusRecorder
    package var health: HealthRegistry
    package var metrics: IngestMetrics
    package var logger: Logger
    /// The ledger of gaps.
    var gaps: GapRepository
    /// Writes what the history gives, beside the live events.
    var backfill: EventSink
    var registries: RegistryKeeper
    var companions: [SessionCompanion]
    /// `nil` where no embeddings are made.
    var embedding: EmbeddingSources?

    init(
        session: SessionEnvironment, queue: SpoolQueue, sealer: TokenSealer, audit: AuditRecorder,
        status: StatusRecorder, health: HealthRegistry, metrics: IngestMetrics, gaps: GapRepository,
        backfill: EventSink, registries: RegistryKeeper, companions: [SessionCompanion], embedding: EmbeddingSources?,
        logger: Logger
    ) {
        self.gaps = gaps
        self.registries = registries
        self.companions = companions
        self.embedding = embedding
        self.backfill = backfill
        self.session = session
        self.queue = queue
        self.sealer = sealer
        self.audit = audit
        self.status = status
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }
}

/// Runs the session of one stored connection and turns what it reports into status, audit rows, metrics and log lines.
struct ConnectionRunner: Sendable {
    let connection: StoredConnection
    let meter: ConnectionMeter
    let environment: RunnerEnvironment
    /// The epoch of the lease under which it runs.
    let epoch: Int64

    /// What this runner has to remember between two notices.
    private struct Memory {
        /// The reason of the last failure, so that a row is written for each change and not for each try.
        var lastFailure: String?
        /// Whether it was said that the token crosses the network in clear.
        var hasToldOfPlainText = false
        /// What fills the gaps and follows the registries over the present session.
        var companion: Task<Void, Never>?
    }

    private var logger: Logger {
        var logger = environment.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection.id)"
        logger[metadataKey: LoggingKeys.connectionName] = "\(connection.name)"
        return logger
    }

    /// Runs until cancelled. A connection that cannot be opened at all waits here for its row or the keyring to change: the
    /// supervisor then starts another runner.
    func run() async {
        // Before the first attempt, so that an open gap shows while Home Assistant is away. Where one is open, or nothing was
        // ever seen, this adds none.
        note(.lost, cause: .bridgeLost, detail: "No bridge was connected.")
        let target: SessionTarget
        do {
            target = try openTarget()
        } catch {
            report(.error, message: "\(error)")
            environment.audit.record(.error, connection: connection, success: false, message: "\(error)")
            logger.error("Cannot use this connection.", metadata: [LoggingKeys.error: "\(error)"])
            await Self.sleepUntilCancelled()
            return
        }
        let session = Session(
            target: target, environment: environment.session, consumer: environment.queue, meter: meter,
            logger: logger)
        let requests = RESTPort.over(environment.session.loop, environment.session.resolver, target)
        let memory = LockedBox(Memory())
        await session.run(
            onNotice: { notice in
                if case .disconnected = notice { stopCompanion(memory) }
                handle(notice, memory)
            },
            onReady: { port in startCompanion(over: SessionPorts(commands: port, requests: requests), memory) })
        await stopCompanion(memory)?.value
    }

    /// Fills the gaps of this connection, follows its registries and lets the companions work, for as long as the ports work.
    private func startCompanion(over ports: SessionPorts, _ memory: LockedBox<Memory>) {
        let sink = environment.backfill
        let worker = BackfillWorker(
            connection: connection.id, port: ports.commands, gaps: environment.gaps, timer: environment.session.timer,
            logger: logger, embedding: environment.embedding, sink: { try await sink.write($0) })
        stopCompanion(memory)
        let registries = environment.registries
        let companions = environment.companions
        let id = connection.id
        // Cancelled when the session ends, and awaited by `run`.
        let task = Task {
            await withTaskGroup { group in
                group.addTask { await worker.run() }
                group.addTask { await registries.follow(id, over: ports.commands) }
                for companion in companions { group.addTask { await companion.follow(id, ports) } }
            }
        }
        memory.withLock { $0.companion = task }
    }

    @discardableResult
    private func stopCompanion(_ memory: LockedBox<Memory>) -> Task<Void, Never>? {
        let task = memory.withLock { memory in
            defer { memory.companion = nil }
            return memory.companion
        }
        task?.cancel()
        return task
    }

    private func openTarget() throws -> SessionTarget {
        let url = try HomeAssistantURL(connection.url)
        let token = try environment.sealer.open(connection.sealedToken, for: try connection.tokenBinding(url: url))
        return SessionTarget(connection: connection.id, url: url, token: token, trust: connection.trust)
    }

    /// Hands a sighting to the spool, in order with the frames.
    private func note(
        _ kind: Sighting.Kind, at time: Timestamp = .now, cause: GapCause? = nil, detail: String? = nil
    ) {
        environment.queue.record(
            Sighting(connection: connection.id, epoch: epoch, kind: kind, at: time, cause: cause, detail: detail))
    }

    private func handle(_ notice: SessionNotice, _ memory: LockedBox<Memory>) {
        switch notice {
        case .connecting:
            logger.debug("Connecting.")
            if memory.withLock({ $0.lastFailure == nil }) { report(.connecting) }
        case .subscribed(let details, let elapsed):
            note(.regained, cause: .disconnected)
            subscribed(details, elapsed, memory)
            memory.withLock { $0.lastFailure = nil }
        case .disconnected(let reason, let lasted):
            note(.lost, cause: Task.isCancelled ? .bridgeStopped : .disconnected, detail: reason)
            meter.disconnected(error: reason)
            report(.disconnected, message: reason)
            environment.audit.record(
                .disconnect, connection: connection, success: true, message: reason, duration: lasted)
            logger.notice("Disconnected.", metadata: [LoggingKeys.reason: "\(reason)", "lasted": "\(lasted.rounded)"])
        case .attemptFailed(let kind, let reason, let wait, let elapsed):
            attemptFailed(kind, reason, wait, elapsed, memory)
        case .authenticationFailed(let elapsed):
            let message = "Home Assistant refuses the token. Give a new one: ha-bridge connection set-token"
            meter.disconnected(error: message)
            report(.authFailed, message: message)
            environment.audit.record(
                .authFailure, connection: connection, success: false, message: message, duration: elapsed)
            logger.error("Home Assistant refuses the token. Not trying again until the stored connection changes.")
        case .roundTrip(let time):
            // The socket keeps the order: everything that was sent before the ping has come by now.
            note(.watermark, at: Timestamp.now.adding(.zero - time))
            meter.roundTrip(time)
        case .eventNotDelivered(let code):
            environment.metrics.undelivered.increment()
            note(.missed, cause: .undelivered, detail: "Home Assistant could not send an event (\(code)).")
            environment.audit.record(
                .error, connection: connection, success: false,
                message: "Home Assistant could not deliver an event.", details: ["code": .string(code)])
            logger.warning("Home Assistant could not deliver an event.", metadata: [LoggingKeys.errorCode: "\(code)"])
        case .subscriptionsRefused(let types):
            logger.notice(
                "Some event types cannot be had with this token.",
                metadata: [LoggingKeys.eventTypes: "\(types.joined(separator: ", "))"])
        case .overflow:
            environment.metrics.overflows.increment()
            note(.lost, cause: .overflow, detail: "Too many events were waiting.")
            environment.audit.record(
                .error, connection: connection, success: false,
                message: """
                    Too many events were waiting to be stored, so the connection was closed until there is room. \
                    The gap is in home_assistant_event_gaps.
                    """,
                details: ["kind": .string("overflow")])
            logger.error("Too many events wait to be stored. The connection stays closed until there is room.")
        }
    }

    private func subscribed(_ details: SessionDetails, _ elapsed: Duration, _ memory: LockedBox<Memory>) {
        let isSecure = connection.url.hasPrefix("https://")
        meter.connected()
        environment.status.record(
            StatusUpdate(
                connection: connection.id, status: .connected, details: details, connectedAt: .now, seenAt: .now))
        setHealth(.connected, version: details.version)
        environment.audit.record(
            .connect, connection: connection, success: true, duration: elapsed,
            details: [
                "version": .string(details.version), "administrator": .bool(details.isAdministrator),
                "tls": .bool(isSecure),
            ])
        logger.notice(
            "Subscribed.",
            metadata: [
                LoggingKeys.homeAssistantVersion: "\(details.version)",
                "events": details.isAdministrator ? "all" : "allowed list",
                "took": "\(elapsed.rounded)",
            ])
        if !isSecure, memory.withLock({ !$0.hasToldOfPlainText }) {
            memory.withLock { $0.hasToldOfPlainText = true }
            logger.notice("Connected without TLS: whoever can listen in that network can read the token.")
        }
        if !details.isAdministrator {
            logger.warning(
                """
                This token is not an administrator's: Home Assistant keeps automations, calls of services and custom \
                events from it.
                """)
        }
    }

    private func attemptFailed(
        _ kind: FailureKind, _ reason: String, _ wait: Duration, _ elapsed: Duration, _ memory: LockedBox<Memory>
    ) {
        let isNews = memory.withLock { memory in
            defer { memory.lastFailure = reason }
            return memory.lastFailure != reason
        }
        meter.disconnected(error: reason)
        let metadata: Logger.Metadata = [
            "kind": "\(kind.rawValue)", LoggingKeys.reason: "\(reason)",
            LoggingKeys.retryAfter: "\(Int(wait.inSeconds * 1_000))",
        ]
        guard isNews else {
            logger.debug("Still cannot connect.", metadata: metadata)
            return
        }
        report([.tls, .pinnedKey].contains(kind) ? .error : .disconnected, message: reason)
        environment.audit.record(
            .error, connection: connection, success: false, message: reason, duration: elapsed,
            details: ["kind": .string(kind.rawValue)])
        logger.warning("Cannot connect; trying again.", metadata: metadata)
    }

    private func report(_ status: ConnectionStatus, message: String? = nil) {
        environment.status.record(StatusUpdate(connection: connection.id, status: status, message: message))
        setHealth(ConnectionHealth.State(status), message: message)
    }

    private func setHealth(_ state: ConnectionHealth.State, message: String? = nil, version: String? = nil) {
        var health = ConnectionHealth(id: connection.id, name: connection.name, state: state, since: .now)
        let figures = meter.snapshot
        health.homeAssistantVersion = version ?? connection.homeAssistantVersion
        health.reconnects = figures.reconnects
        health.lastError = message ?? figures.lastError
        environment.health.setConnection(health)
    }

    private static func sleepUntilCancelled() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
    }
}

extension ConnectionHealth.State {
    /// What `/healthz` shows for a status of the table.
    fileprivate init(_ status: ConnectionStatus) {
        switch status {
        case .connecting: self = .connecting
        case .connected: self = .connected
        case .disconnected: self = .backingOff
        case .authFailed: self = .authFailed
        case .paused: self = .paused
        case .error: self = .failed
        }
    }
}

extension Duration {
    /// A short form for log lines: `1.25 s`.
    var rounded: String {
        let milliseconds = Int(inSeconds * 1_000)
        return milliseconds < 1_000 ? "\(milliseconds) ms" : "\(Double(milliseconds / 10) / 100) s"
    }
}
