import BridgeConcurrency
import BridgeCore
import Store

/// `GET /overview` and `GET /connections`.
enum OverviewEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "overview", scope: .read) { call in
            _ = try call.query()
            return try .json(try await overview(call, services))
        }
        endpoints.add(.get, "connections", scope: .read) { call in
            _ = try call.query()
            let items = try await ConnectionRepository(call.reader).shown().map(\.jsonValue)
            return try .json(.object(["items": .array(items), "next_cursor": .null]))
        }
        endpoints.add(.get, "connections/:id", scope: .read) { call in
            _ = try call.query()
            let id: ConnectionID = try call.id()
            let connections = ConnectionRepository(call.reader)
            guard let stored = try await connections.shown(id: id).first,
                let line = try await connections.overview(id: id).first
            else { throw Problem.notFound("connection") }
            let figures = members(line, health: services.health.snapshot())
            let document = stored.jsonMembers.merging(["figures": .object(figures)]) { own, _ in own }
            return try .json(.object(document))
        }
    }

    /// So many open gaps are shown.
    private static let gapLimit = 50

    private static func overview(_ call: Call, _ services: ConsoleServices) async throws -> JSONValue {
        let now = Timestamp.now
        let lines = try await ConnectionRepository(call.reader).overview()
        let gaps = try await GapRepository(call.reader).page(GapFilter(isOpen: true), limit: gapLimit)
        let governance = try await GovernanceOverview(call.reader)
        let health = services.health.snapshot()
        // A stop for every house belongs to none, so that row security hides it; it holds for each all the same.
        let common = try await EmergencyStopRepository(services.system).engaged().filter { $0.connection == nil }
        let stops = common + governance.stops.filter { $0.connection != nil }
        return .object([
            "now": .time(now),
            "bridge": bridge(health),
            "schema_ok": .bool(health.ready[HealthComponent.schema.rawValue]?.ok ?? false),
            "connections": .array(lines.map { .object(members($0, health: health)) }),
            "open_gaps": .array(gaps.map(\.jsonValue)),
            "emergency_stops": .array(stops.map(\.jsonValue)),
            "approvals": .object([
                "pending": .integer(Int64(governance.waiting)),
                "approved": .integer(Int64(governance.approved)),
                "next_expiry": .time(governance.nextExpiry),
                "under_way": .integer(Int64(governance.operations.count)),
            ]),
        ])
    }

    /// How the process is. The reasons name no connection: not everybody may see each.
    private static func bridge(_ health: HealthSnapshot) -> JSONValue {
        let failing = health.conditions.sorted { $0.key < $1.key }.filter { !$0.value.ok }
            .map { "\($0.key): \($0.value.reason ?? "failing")" }
        let stopping = health.livenessReasons + health.readinessReasons
        let status: HealthStatus = !stopping.isEmpty ? .unavailable : failing.isEmpty ? .ok : .degraded
        return .object([
            "status": .string(status.rawValue),
            "version": .string(health.version),
            "started_at": .time(Timestamp(iso8601: health.startedAt)),
            "uptime_seconds": .number(health.uptimeSeconds),
            "reasons": .array((stopping + failing).map { .string($0) }),
        ])
    }

    /// A connection as the database and, where its session runs in this process, the session tell it.
    private static func members(
        _ line: ConnectionOverview, health: HealthSnapshot
    ) -> [String: JSONValue] {
        let session = health.connections.first { $0.id == line.id.description }
        return [
            "id": .string(line.id.description),
            "name": .string(line.name),
            "url": .string(line.url),
            "username": .string(line.username),
            "status": .string(line.status.rawValue),
            "is_paused": .bool(line.isPaused),
            "state": .optional(session?.state.rawValue),
            "state_since": .time(session.flatMap { Timestamp(iso8601: $0.since) }),
            "last_error": .optional(session?.lastError),
            "reconnects": session.map { .integer(Int64($0.reconnects)) } ?? .null,
            "home_assistant_version": .optional(line.homeAssistantVersion),
            "location_name": .optional(line.locationName),
            "time_zone": .optional(line.timeZone),
            "last_connected_at": .time(line.lastConnectedAt),
            "last_seen_at": .time(line.lastSeenAt),
            "last_event_at": .time(line.lastEventAt),
            "stored_until": .time(line.storedUntil),
            "lag_seconds": line.lagSeconds.map { .number($0) } ?? .null,
            "latency_ms": line.latencyMS.map { .number($0) } ?? .null,
            "uptime_percent": line.uptimePercent.map { .number($0) } ?? .null,
            "error_rate_percent": line.errorRatePercent.map { .number($0) } ?? .null,
            "events_per_minute": line.eventsPerSecond.map { .number($0 * 60) } ?? .null,
            "bridge": .optional(line.bridge),
        ]
    }
}
