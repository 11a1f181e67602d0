import BridgeCore
import PostgresClient
import Store

/// What `status` shows: one reading of the database, and the answer of the running bridge.
struct StatusOverview {
    /// A connection with what came from it lately.
    struct Line {
        let connection: StoredConnection
        let eventsLastHour: Int
        /// Which bridge speaks for it.
        let lease: StoredLease?
    }

    let schema: MigrationStatus
    let connections: [Line]
    /// The bridges that share them.
    let bridges: [LivingBridge]
    /// When the newest event was stored.
    let lastStoredAt: Timestamp?
    /// Home Assistant's time of the newest event.
    let lastEventAt: Timestamp?
    let deadLetters: Int
    /// `nil` with a schema that is not current.
    let search: SearchStatus?
    /// `nil` with a schema that is not current.
    let governance: GovernanceStatus?
    /// `nil` with a schema that is not current.
    let storage: StorageStatus?
    /// The answer to `/healthz`; `nil` when no bridge answers.
    let bridge: JSONValue?
    let address: String
    let now: Timestamp

    /// Reads the database. With a schema that is not current it reads the schema alone: the rest may lack columns.
    init(
        pool: PostgresPool, settings: BridgeSettings, bridge: JSONValue?, now: Timestamp = TimeText.now()
    ) async throws {
        self.bridge = bridge
        address = settings.httpAddress.description
        self.now = now
        schema = try await pool.withConnection { try await Migrator().status(on: $0) }
        guard schema.isCurrent else {
            connections = []
            bridges = []
            lastStoredAt = nil
            lastEventAt = nil
            deadLetters = 0
            search = nil
            governance = nil
            storage = nil
            return
        }
        let events = EventRepository(pool)
        let leases = LeaseRepository(pool)
        bridges = try await leases.livingBridges()
        let held = Dictionary(
            try await leases.list().map { ($0.connection, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [Line] = []
        for connection in try await ConnectionRepository(pool).list() {
            let filter = EventFilter(connection: connection.id, since: now.adding(seconds: -3_600))
            lines.append(
                Line(
                    connection: connection, eventsLastHour: try await events.count(filter), lease: held[connection.id]))
        }
        connections = lines
        let newest = try await events.recent(limit: 1).first
        lastStoredAt = newest?.createdAt
        lastEventAt = newest?.timestamp
        deadLetters = try await DeadLetterRepository(pool).count()
        search = try await SearchStatus(pool: pool, settings: settings)
        governance = try await GovernanceStatus(pool: pool)
        storage = try await StorageStatus(pool: pool)
    }

    var facts: [(String, String)] {
        var facts: [(String, String)] = [("Schema", schemaText)]
        facts.append(("Bridge", bridgeText))
        guard schema.isCurrent else { return facts }
        if bridges.count > 1 {
            let parts = bridges.map { "\(label($0.identity.id, $0.identity.name)) (\($0.held))" }
            facts.append(("Bridges", parts.joined(separator: ", ")))
        }
        let stored = lastStoredAt.map { "last event stored \(TimeText.ago($0, now: now))" } ?? "nothing stored yet"
        let letters = deadLetters == 0 ? "" : ", \(deadLetters) dead letters"
        facts.append(("Writer", stored + letters))
        if let storage { facts.append(("Storage", storage.text)) }
        if let search { facts.append(("Search", search.text)) }
        if let governance { facts += governance.facts(now: now) }
        return facts
    }

    private var schemaText: String {
        guard !schema.isCurrent else { return "current (version \(appliedVersion.map(String.init) ?? "-"))" }
        if let problem = schema.entries.compactMap(\.problem).first { return problem }
        return "not current. Run: ha-bridge migrate up"
    }

    private var bridgeText: String {
        guard let bridge else { return "does not answer at \(address). Start it: ha-bridge run" }
        guard case .object(let members) = bridge, case .string(let status) = members["status"] else {
            return "answers at \(address)"
        }
        return "\(status), at \(address)"
    }

    private var appliedVersion: Int? { schema.entries.last { $0.state != .pending }?.version }

    /// A bridge's name, with the beginning of its id where another living one has the same name.
    private func label(_ id: BridgeID, _ name: String) -> String {
        let isAmbiguous = bridges.contains { $0.identity.name == name && $0.identity.id != id }
        return isAmbiguous ? "\(name)/\(id.description.prefix(8))" : name
    }

    private func bridgeLabel(_ lease: StoredLease?) -> String {
        guard let lease, let holder = lease.holder else { return "-" }
        return label(holder, lease.holderName ?? "?") + (lease.isExpired ? " (gone)" : "")
    }

    /// The column of bridges is there when several live.
    var table: TextTable {
        var columns: [TextTable.Column] = [
            .init("CONNECTION"), .init("STATE"), .init("URL", isFlexible: true), .init("HOME ASSISTANT"),
            .init("LAST SEEN", .right), .init("EVENTS IN 1 H", .right),
        ]
        var rows = connections.map { line in
            [
                line.connection.name, line.connection.status.rawValue, line.connection.url,
                line.connection.homeAssistantVersion ?? "-", TimeText.ago(line.connection.lastSeenAt, now: now),
                String(line.eventsLastHour),
            ]
        }
        if bridges.count > 1 {
            columns.append(.init("BRIDGE"))
            for index in rows.indices { rows[index].append(bridgeLabel(connections[index].lease)) }
        }
        return TextTable(columns, rows: rows)
    }

    var jsonValue: JSONValue {
        let pending = schema.entries.filter { $0.state == .pending }.map { JSONValue.integer(Int64($0.version)) }
        return .object([
            "version": .string(BridgeVersion.string),
            "schema": .object([
                "version": appliedVersion.map { .integer(Int64($0)) } ?? .null,
                "is_current": .bool(schema.isCurrent),
                "pending": .array(pending),
                "problems": .array(schema.entries.compactMap(\.problem).map { .string($0) }),
            ]),
            "connections": .array(
                connections.map { line in
                    .object([
                        "name": .string(line.connection.name),
                        "username": .string(line.connection.username),
                        "url": .string(line.connection.url),
                        "status": .string(line.connection.status.rawValue),
                        "home_assistant_version": .optional(line.connection.homeAssistantVersion),
                        "last_connected_at": .time(line.connection.lastConnectedAt),
                        "last_seen_at": .time(line.connection.lastSeenAt),
                        "events_last_hour": .integer(Int64(line.eventsLastHour)),
                        "lease": line.lease.map(Self.json) ?? .null,
                    ])
                }),
            "bridges": .array(
                bridges.map { bridge in
                    .object([
                        "id": .string(bridge.identity.id.description),
                        "name": .string(bridge.identity.name),
                        "version": .string(bridge.identity.version),
                        "started_at": .time(bridge.identity.startedAt),
                        "expires_at": .time(bridge.expiresAt),
                        "connections": .integer(Int64(bridge.held)),
                    ])
                }),
            "writer": .object([
                "last_stored_at": .time(lastStoredAt),
                "last_event_at": .time(lastEventAt),
                "dead_letters": .integer(Int64(deadLetters)),
            ]),
            "search": search?.jsonValue ?? .null,
            "governance": governance?.jsonValue ?? .null,
            "storage": storage?.jsonValue ?? .null,
            "bridge": .object([
                "address": .string(address),
                "is_running": .bool(bridge != nil),
                "health": bridge ?? .null,
            ]),
        ])
    }

    private static func json(_ lease: StoredLease) -> JSONValue {
        .object([
            "bridge_id": .optional(lease.holder?.description),
            "bridge_name": .optional(lease.holderName),
            "epoch": .integer(lease.epoch),
            "acquired_at": .time(lease.acquiredAt),
            "expires_at": .time(lease.expiresAt),
            "is_expired": .bool(lease.isExpired),
        ])
    }
}
