import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// A house whose states a test stores as the bridge does, and whose roll-ups it makes and reads.
struct RollupHouse {
    let database: StoreDatabase
    let connection: ConnectionID

    /// A new database with one house in `zone`.
    static func with(zone: String? = nil, _ body: (RollupHouse) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection().id
            let house = RollupHouse(database: database, connection: connection)
            try await house.move(to: zone)
            try await body(house)
        }
    }

    func move(to zone: String?) async throws {
        _ = try await database.session.query(
            "UPDATE home_assistant_connections SET time_zone = $2 WHERE id = $1",
            [.id(connection), .optional(zone, PostgresValue.text)])
    }

    /// Stores rows that may be stored already.
    @discardableResult func stage(_ states: [PastState]) async throws -> Int {
        try await EventTable.copyThroughStaging(
            database.writer, chunks: EventRow.chunks(rows(states)),
            seal: BatchSeal(bridge: BridgeID(), claims: [connection: nil]))
    }

    /// Stores rows that are new.
    func copy(_ states: [PastState]) async throws {
        _ = try await EventTable.copyDirect(
            database.writer, rows: rows(states),
            seal: BatchSeal(
                bridge: BridgeID(), claims: [connection: nil],
                marks: Set(states.map { RollupMark(connection, at: $0.at) })))
    }

    private func rows(_ states: [PastState]) -> [EventRow] {
        states.map { $0.row(connection) }.sorted { $0.id.uuidString < $1.id.uuidString }
    }

    /// Makes what is due: all of it, or some steps.
    @discardableResult func rollUp(
        limits: RollupRepository.Limits = .init(), steps: Int = .max
    ) async throws -> RollupStep {
        let rollups = RollupRepository(database.pool, limits: limits)
        let stages: [(ConnectionID) async throws -> RollupStep] = [
            rollups.prepare, rollups.rollUpFiveMinutes, rollups.rollUpHours, rollups.rollUpDays,
            rollups.rollUpMetricHours, rollups.rollUpMetricDays,
        ]
        let isDue = try await rollups.due().contains(connection)
        var total = RollupStep()
        var left = steps
        for stage in stages {
            var step = RollupStep(isUnfinished: true)
            while step.isUnfinished, left > 0 {
                step = try await stage(connection)
                total += step
                left -= 1
            }
        }
        #expect(isDue || total == RollupStep(), "It was not due, and had something to do.")
        return total
    }

    /// Whether the job would look at it.
    func isDue() async throws -> Bool {
        try await RollupRepository(database.pool).due() == [connection]
    }

    /// How many 5 minutes wait.
    func marks() async throws -> Int {
        Int(try await database.scalar("SELECT count(*) FROM home_assistant_rollup_dirty") ?? "") ?? -1
    }

    /// The stored roll-ups of a table, by entity and start in seconds.
    func stored(_ table: String) async throws -> [String: [Int64: StoredRollup]] {
        try await read(
            "SELECT entity_id, \(Self.columns) FROM home_assistant_states_\(table) AS rollup WHERE source = 'events'",
            [])
    }

    /// What a function answers of an entity, in its order.
    func filled(_ function: String, _ entity: String, from: Int64?, to: Int64?) async throws -> [Int64: StoredRollup] {
        try await read(
            """
            SELECT $2 AS entity_id, \(Self.columns)
            FROM home_assistant_rollup_\(function)($1, $2, to_timestamp($3::bigint), to_timestamp($4::bigint)) AS rollup
            """,
            [
                .id(connection), .text(entity), .optional(from, PostgresValue.int), .optional(to, PostgresValue.int),
            ])[entity] ?? [:]
    }

    private static let columns = """
        extract(epoch FROM bucket_start)::bigint AS start, sample_count, minimum, maximum, mean, known_seconds, last_value,
        last_state, change,
        (SELECT string_agg(key || '=' || value, E'\\n') FROM jsonb_each_text(state_seconds)) AS states
        """

    private func read(_ sql: String, _ parameters: [PostgresValue]) async throws -> [String: [Int64: StoredRollup]] {
        var rows: [String: [Int64: StoredRollup]] = [:]
        for row in try await database.session.query(sql, parameters) {
            let entity = try row.string("entity_id")
            let start = Int64(try row.int("start"))
            #expect(rows[entity]?[start] == nil, "\(entity) has two rows at \(start).")
            rows[entity, default: [:]][start] = try StoredRollup(row)
        }
        return rows
    }
}

/// A row of a roll-up.
struct StoredRollup {
    var samples: Int
    var minimum: Double?
    var maximum: Double?
    var mean: Double?
    var known: Double?
    var lastValue: Double?
    var lastState: String?
    var change: Double?
    var states: [String: Double] = [:]

    init(_ row: PostgresRow) throws {
        samples = try row.int("sample_count")
        minimum = try row.optionalDouble("minimum")
        maximum = try row.optionalDouble("maximum")
        mean = try row.optionalDouble("mean")
        known = try row.optionalDouble("known_seconds")
        lastValue = try row.optionalDouble("last_value")
        lastState = try row.optionalString("last_state")
        change = try row.optionalDouble("change")
        for entry in try row.optionalString("states")?.split(separator: "\n") ?? [] {
            let parts = entry.split(separator: "=", maxSplits: 1)
            states[String(parts[0])] = Double(parts[1])
        }
    }

    /// What differs from what it should be, in words.
    func differences(from expected: ExpectedRollup) -> [String] {
        func differ(_ left: Double?, _ right: Double?) -> Bool {
            guard let left, let right else { return (left == nil) != (right == nil) }
            return abs(left - right) > 1e-9 * max(1, abs(left), abs(right))
        }
        var words: [String] = []
        if samples != expected.samples { words.append("\(samples) samples instead of \(expected.samples)") }
        for (name, is_, should) in [
            ("minimum", minimum, expected.minimum), ("maximum", maximum, expected.maximum),
            ("mean", mean, expected.mean), ("known seconds", known, expected.known),
            ("last value", lastValue, expected.lastValue), ("change", change, expected.change),
        ] where differ(is_, should) {
            words.append("\(name) \(is_.map { "\($0)" } ?? "-") instead of \(should.map { "\($0)" } ?? "-")")
        }
        if lastState != expected.lastState {
            words.append("state \(lastState ?? "-") instead of \(expected.lastState ?? "-")")
        }
        let names = Set(states.keys).union(expected.states.filter { $0.value > 0 }.keys)
        for name in names.sorted() where differ(states[name] ?? 0, expected.states[name] ?? 0) {
            words.append("\(name) for \(states[name] ?? 0) s instead of \(expected.states[name] ?? 0) s")
        }
        return words
    }
}
