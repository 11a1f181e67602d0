import BridgeCore
import Embedding
import FoundationEssentials
import Ingest
import PostgresClient
import Store

/// Puts a home of a folder into the database by the path that events of Home Assistant take.
struct HomeLoader {
    /// What was loaded.
    struct Report: Sendable {
        var connection: ConnectionID
        var timeZone: String?
        var events = 0
        /// From the first frame to the last commit.
        var took = Duration.zero
        /// The time of the newest event.
        var newest: Timestamp?
        /// The folder's ids by ours.
        var folderIDs: [EventID: String] = [:]
        /// Our ids by the folder's.
        var ids: [String: EventID] = [:]
    }

    let pool: PostgresPool

    /// Events in one transaction.
    private static let batch = 500

    /// Loads a home. After each transaction `embed` is waited for, as a running bridge makes its vectors beside the events: those
    /// of the next transaction then find them. `progress` is told how many events are in. Throws `EvaluationError` and
    /// `PostgresError`.
    func load(
        _ folder: BenchmarkFolder, home: String, embed: () async throws -> Void = {},
        progress: (Int, Int) -> Void = { _, _ in }
    ) async throws -> Report {
        let events = try folder.events(of: home)
        let zone = Self.zone(of: events)
        let connection = try await addConnection(home: home, timeZone: zone)
        let house = try await addRegistries(try folder.entities(of: home), of: connection, timeZone: zone)
        var report = Report(connection: connection, timeZone: zone)
        // The months of the folder are in the past, for which the bridge makes no partitions of its own.
        if let first = events.map(\.timestamp).min(), let last = events.map(\.timestamp).max() {
            _ = try await PartitionRepository(pool).ensureEventPartitions(from: first, to: last)
        }
        var builder = FrameBuilder(connection: connection)
        var importer = FrameImporter(
            pool: pool, connection: connection, house: house, logger: EvaluationDatabase.logger)
        var contexts: [String: String] = [:]
        var rest = events[...]
        while !rest.isEmpty {
            let frames = rest.prefix(Self.batch).map { event in
                let (frame, context) = builder.frame(of: event)
                contexts[context] = event.id
                return frame
            }
            rest = rest.dropFirst(Self.batch)
            let start = ContinuousClock.now
            report.events += try await importer.write(frames)
            report.took += ContinuousClock.now - start
            try await embed()
            try await importer.learnExemplars()
            try await vacuum()
            progress(events.count - rest.count, events.count)
        }
        report.newest = events.map(\.timestamp).max()
        try await name(contexts, &report)
        return report
    }

    /// The zone whose clock the events show; `nil` where no zone fits.
    static func zone(of events: [BenchmarkEvent]) -> String? {
        ZoneFit.zone(
            of: events.map { ZoneFit.Reading(time: $0.timestamp, offset: $0.offset) }, among: ZoneFit.systemNames()
        ) { name in
            let rules = ZoneRules(named: name)
            return rules.isUnknown ? nil : { rules.secondsFromUTC(at: $0) }
        }
    }

    /// What autovacuum does within the days in which so many events come in a house: the room of rows that were updated is used
    /// again.
    private func vacuum() async throws {
        for table in ["home_assistant_events", "home_assistant_embedding_documents"] {
            try await pool.withConnection { session in
                _ = try await session.query("VACUUM \(table)", name: "vacuum", deadline: .seconds(300))
            }
        }
    }

    // MARK: Rows beside the events

    private func addConnection(home: String, timeZone: String?) async throws -> ConnectionID {
        let owner = try await UserRepository(pool).add(username: "evaluation", email: "evaluation@home.example")
        let connection = try await ConnectionRepository(pool).add(
            id: ConnectionID(), userID: owner.id, name: "home-\(home.lowercased())",
            url: "http://home-\(home.lowercased()).example:8123", sealedToken: "v1.none.none.none.none")
        if let timeZone {
            try await pool.withConnection { session in
                _ = try await session.query(
                    "UPDATE home_assistant_connections SET time_zone = $2 WHERE id = $1",
                    [.id(connection.id), .text(timeZone)], name: "set_time_zone")
            }
        }
        return connection.id
    }

    /// Stores the registries, and returns what the texts of events take from them.
    private func addRegistries(
        _ entities: [BenchmarkFolder.Entity], of connection: ConnectionID, timeZone: String?
    ) async throws -> HouseContext {
        let areas = Set(entities.compactMap(\.area)).sorted()
        // Any id will do as long as it is one of a kind: names may differ in what an id cannot show.
        let ids = Dictionary(uniqueKeysWithValues: areas.enumerated().map { ($0.element, "area_\($0.offset)") })
        let registries = HouseRegistries(
            areas: areas.map { RegistryArea(areaID: ids[$0] ?? $0, name: $0) }, labels: [], devices: [],
            entities: entities.map { entity in
                RegistryEntity(
                    registryID: entity.entityID, entityID: entity.entityID, name: entity.name,
                    areaID: entity.area.flatMap { ids[$0] }, deviceClass: entity.deviceClass)
            })
        let repository = RegistryRepository(pool)
        _ = try await repository.replace(connection, with: registries)
        return HouseContext(try await repository.registries(of: connection), timeZone: timeZone)
    }

    /// Finds out which of our ids stands for which of the folder's.
    private func name(_ contexts: [String: String], _ report: inout Report) async throws {
        let connection = report.connection
        let pairs = try await pool.withConnection { session in
            try await session.query(
                "SELECT id, context_id FROM home_assistant_events WHERE connection_id = $1", [.id(connection)],
                name: "list_ids", deadline: .seconds(120)
            ).map { row -> (EventID, String) in (try row.id("id"), try row.string("context_id")) }
        }
        for (id, context) in pairs {
            guard let name = contexts[context] else { continue }
            report.folderIDs[id] = name
            report.ids[name] = id
        }
    }
}
