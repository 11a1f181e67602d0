import BridgeConcurrency
import BridgeCore
import Embedding
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Keeps what the bridge knows of the registries up to date: in the directory, for the texts of events, and in the database, for
/// everybody else and for the next start. A failure is logged and tried again; nothing here holds up an event.
package final class RegistryKeeper: Sendable {
    /// One session that is followed.
    private struct Follower {
        let number: Int
        let signals: Mailbox<Void>
        /// Whether a change was told that no listing has begun after.
        var isPending = false
    }

    private struct State {
        var followers: [ConnectionID: Follower] = [:]
        var lastNumber = 0
    }

    /// Where the contexts are published.
    package let directory: HouseDirectory
    private let registries: RegistryRepository
    private let connections: ConnectionRepository
    private let book: LeaseBook?
    private let timer: DeadlineTimer
    private let pacing: RegistryPacing
    private let logger: Logger
    private let state = LockedBox(State())

    /// The types of events after which `changed` is to be called.
    package static let eventTypes: Set<String> = [
        "area_registry_updated", "core_config_updated", "device_registry_updated", "entity_registry_updated",
        "floor_registry_updated", "label_registry_updated",
    ]

    /// A keeper that publishes to `directory` and stores over `pool`; with a `book`, only what it holds the lease of.
    package init(
        directory: HouseDirectory, pool: PostgresPool, book: LeaseBook? = nil, timer: DeadlineTimer,
        pacing: RegistryPacing = RegistryPacing(), logger: Logger
    ) {
        self.directory = directory
        registries = RegistryRepository(pool)
        connections = ConnectionRepository(pool)
        self.book = book
        self.timer = timer
        self.pacing = pacing
        self.logger = logger
    }

    // MARK: At the start

    /// Publishes what the database has of every connection, so that texts have areas before Home Assistant is reached. What a
    /// session has listed meanwhile stays. Gives up after `tries` failures: the writer of events waits for this, and each session
    /// lists the registries anyway.
    package func load(tries: Int = 3) async {
        var generator = SystemRandomNumberGenerator()
        for attempt in 1...max(1, tries) {
            do {
                for connection in try await connections.list() where directory.context(of: connection.id) == nil {
                    let known = try await registries.registries(of: connection.id)
                    directory.publish(
                        HouseContext(known, timeZone: connection.timeZone), for: connection.id, isFallback: true)
                }
                return
            } catch {
                if Task.isCancelled { return }
                logger.log(
                    level: attempt < tries ? .debug : .warning,
                    """
                    Cannot read the stored registries. Events are described without their areas until Home Assistant has \
                    listed them.
                    """, metadata: [LoggingKeys.error: "\(error)", LoggingKeys.attempt: "\(attempt)"])
            }
            let pause = pacing.retry.delay(attempt: attempt, using: &generator)
            guard attempt < tries, (try? await Task.sleep(for: pause.scaled)) != nil else { return }
        }
    }

    // MARK: During a session

    /// Tells that an event of `eventTypes` came. May be called from any thread, as often as there are events; never waits.
    package func changed(_ connection: ConnectionID) {
        let signals = state.withLock { state -> Mailbox<Void>? in
            guard let follower = state.followers[connection], !follower.isPending else { return nil }
            state.followers[connection]?.isPending = true
            return follower.signals
        }
        signals?.push(())
    }

    /// Lists the registries at once, and again after each change, until the session behind `port` ends or the task is cancelled.
    package func follow(_ connection: ConnectionID, over port: CommandPort) async {
        var logger = logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection)"
        let signals = Mailbox<Void>(timer: timer)
        let number = enrol(connection, signals)
        defer { dismiss(connection, number) }
        let reader = RegistryReader(port, answerLimit: pacing.answerLimit)
        var generator = SystemRandomNumberGenerator()
        var round = Round()
        while !Task.isCancelled {
            var wait = pacing.anyway
            do {
                try await step(connection, reader, &round, logger)
                round.failures = 0
                round.trouble = nil
            } catch CommandFailure.disconnected {
                return
            } catch {
                if Task.isCancelled { return }
                round.failures += 1
                wait = pacing.retry.delay(attempt: round.failures, using: &generator)
                report(
                    "Cannot list the registries of Home Assistant, or store them. Trying again.", error,
                    &round.trouble, logger)
            }
            if await signals.next(until: .now + wait.scaled).isEmpty {
                // What could not be stored is stored now; there is no need to list it again.
                if round.unsaved == nil { round.isDue = true }
            } else {
                let earliest = round.listedAt + pacing.betweenListings.scaled
                guard (try? await Task.sleep(until: max(.now + pacing.afterChange.scaled, earliest))) != nil else {
                    return
                }
                round.isDue = true
            }
        }
    }

    /// What `follow` has to remember.
    private struct Round {
        var isDue = true
        var listedAt = ContinuousClock.now
        /// Listed and not stored yet.
        var unsaved: RegistryListing?
        /// The zone that the session has seen last.
        var timeZone: String?
        var hasListed = false
        var refusals: [String: String] = [:]
        var failures = 0
        var trouble: String?
    }

    private func step(
        _ connection: ConnectionID, _ reader: RegistryReader, _ round: inout Round, _ logger: Logger
    ) async throws {
        if round.isDue {
            round.listedAt = .now
            // Before the first command: what changes from here on is listed once more.
            state.withLock { $0.followers[connection]?.isPending = false }
            let listing = try await reader.read()
            publish(listing, for: connection)
            note(listing, &round, logger)
            round.isDue = false
            round.unsaved = listing
        }
        if let listing = round.unsaved {
            try await store(listing, of: connection, &round, logger)
            round.unsaved = nil
        }
        if let code = round.refusals[Self.entityList] {
            round.isDue = true
            throw CommandFailure.refused(code: code, message: "It does not list its entities.")
        }
    }

    private static let entityList = "config/entity_registry/list"

    private func publish(_ listing: RegistryListing, for connection: ConnectionID) {
        let known = directory.context(of: connection)
        var context = HouseContext(listing.registries, timeZone: listing.timeZone ?? known?.timeZone)
        // Without a list of entities nothing new is known of them.
        if listing.registries.entities == nil, let known { context.entities = known.entities }
        directory.publish(context, for: connection)
    }

    private func store(
        _ listing: RegistryListing, of connection: ConnectionID, _ round: inout Round, _ logger: Logger
    ) async throws {
        var claims: LeaseClaims?
        if let book {
            // Another bridge speaks for it by now.
            guard let own = book.claims(for: connection) else { return }
            claims = own
        }
        guard let changes = try await registries.replace(connection, with: listing.registries, under: claims) else {
            return
        }
        if let zone = listing.timeZone, zone != round.timeZone {
            // The session has recorded the zone that it began with; recording it again does no harm.
            try await connections.recordStatus(connection, timeZone: zone, under: claims)
            round.timeZone = zone
            if ZoneRules(named: zone).isUnknown {
                logger.warning(
                    "This machine does not know the time zone of the house: times of day are those of UTC. Install tzdata.",
                    metadata: ["zone": "\(zone)"])
            }
        }
        let registries = listing.registries
        logger.log(
            level: changes.isEmpty ? .debug : .info, "Stored the registries of Home Assistant.",
            metadata: [
                "areas": "\(registries.areas?.count ?? 0)", "devices": "\(registries.devices?.count ?? 0)",
                "entities": "\(registries.entities?.count ?? 0)", "labels": "\(registries.labels?.count ?? 0)",
                "added": "\(changes.added)", "changed": "\(changes.changed)", "removed": "\(changes.removed)",
                "renamed": "\(changes.renames.count)",
            ])
        for rename in changes.renames.prefix(20) {
            logger.info("An entity was renamed.", metadata: ["from": "\(rename.from)", "to": "\(rename.to)"])
        }
    }

    /// Says once what Home Assistant does not list.
    private func note(_ listing: RegistryListing, _ round: inout Round, _ logger: Logger) {
        let refusals = listing.refusals
        if refusals != round.refusals, !refusals.isEmpty {
            // An old release knows neither labels nor floors.
            let isUsual = refusals.allSatisfy { $0.value == "unknown_command" } && refusals[Self.entityList] == nil
            logger.log(
                level: isUsual ? .debug : .warning, "Home Assistant does not list some of its registries.",
                metadata: [
                    "commands":
                        "\(refusals.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))"
                ])
        }
        round.refusals = refusals
        if listing.skipped > 0, !round.hasListed {
            logger.notice(
                "Some entries of the registries could not be read, and are left out.",
                metadata: [LoggingKeys.count: "\(listing.skipped)"])
        }
        round.hasListed = true
    }

    /// Logs trouble as a warning when it is news.
    private func report(_ message: Logger.Message, _ error: any Error, _ last: inout String?, _ logger: Logger) {
        let trouble = "\(error)"
        let level: Logger.Level = trouble == last ? .debug : .warning
        logger.log(level: level, message, metadata: [LoggingKeys.error: "\(trouble)"])
        last = trouble
    }

    private func enrol(_ connection: ConnectionID, _ signals: Mailbox<Void>) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.followers[connection] = Follower(number: state.lastNumber, signals: signals)
            return state.lastNumber
        }
    }

    /// Unless a later session has taken the place.
    private func dismiss(_ connection: ConnectionID, _ number: Int) {
        state.withLock { state in
            if state.followers[connection]?.number == number { state.followers[connection] = nil }
        }
    }
}
