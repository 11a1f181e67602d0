import BridgeCore
import Cryptography
import Store

/// The table `ltss` of the integration of that name (long time state storage): each state with the time at which it was set. It
/// keeps no context and no state before; the latter is carried from row to row.
actor LTSSSource: ImportSource {
    nonisolated let kind = ImportKind.ltss
    nonisolated let name: String
    nonisolated let fingerprint: String
    nonisolated let phases: [ImportPhase] = [.states]
    private let database: any HistoryDatabase
    /// The last state of each entity that was read; removed ones have none.
    private var previous: [[UInt8]: [UInt8]] = [:]
    /// Entities of which the state before is known, or known not to be there.
    private var known: Set<[UInt8]> = []

    private static let pageSize = 4_000

    /// Looks whether `database` has the table. Throws `ImportError`.
    init(_ database: any HistoryDatabase) async throws {
        let columns = try await database.columns(of: "ltss")
        guard columns.isSuperset(of: ["time", "entity_id", "state", "attributes"]) else {
            throw ImportError(
                .foreign,
                "\(database.name) has no table ltss with the columns time, entity_id, state and attributes, as the integration"
                    + " of that name makes it. Name the database and, in its options, the schema that it lies in.")
        }
        let facts = try await database.rows(
            "SELECT current_database(), current_schema(), (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
        ).first
        let identity = facts?.compactMap(\.string).joined(separator: "\n") ?? database.name
        name = database.name
        fingerprint = String(try sha256Hex(Array("ha-bridge import ltss\n\(identity)".utf8)).prefix(32))
        self.database = database
    }

    func extent(of phase: ImportPhase, _ range: Range<Timestamp>) async throws -> ImportExtent? {
        let row = try await database.rows("SELECT min(time), max(time) FROM ltss WHERE \(Self.condition(range))").first
        guard let first = row?.first?.time, let last = row?.last?.time else { return nil }
        return ImportExtent(numbers: first.microseconds...last.microseconds)
    }

    func page(
        of phase: ImportPhase, after position: ImportPosition?, in extent: ImportExtent, _ range: Range<Timestamp>
    ) async throws -> ImportPage {
        var conditions = [
            Self.condition(range),
            "time <= '\(Timestamp(microseconds: extent.numbers.upperBound).iso8601)'",
        ]
        if let position {
            let time = Timestamp(microseconds: position.number).iso8601
            conditions.append("(time, entity_id) > ('\(time)', \(database.literal(position.detail ?? "")))")
        }
        let rows = try await database.rows(
            """
            SELECT time, entity_id, state, attributes FROM ltss
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY time, entity_id LIMIT \(Self.pageSize)
            """)
        try await learn(rows)
        var page = ImportPage()
        page.rows = rows.count
        for row in rows {
            guard let time = row[0].time, let entity = row[1].bytes, !entity.isEmpty else {
                page.unusable += 1
                continue
            }
            let state = row[2].bytes
            page.changes.append(
                .state(
                    RecordedState(
                        entity: entity, state: state, attributes: row[3].bytes, updated: time,
                        before: previous[entity].map { RecordedState.Before(state: $0) })))
            previous[entity] = state
        }
        page.next = rows.last.flatMap { row in
            row[0].time.map { ImportPosition(.states, number: $0.microseconds, detail: row[1].string) }
        }
        return page
    }

    func close() async { await database.close() }

    /// Finds the states before the first row of entities that are new here, as after an interruption.
    private func learn(_ rows: [[HistoryValue]]) async throws {
        var first: [[UInt8]: Timestamp] = [:]
        for row in rows {
            guard let time = row[0].time, let entity = row[1].bytes, !known.contains(entity), first[entity] == nil
            else {
                continue
            }
            first[entity] = time
        }
        guard !first.isEmpty else { return }
        known.formUnion(first.keys)
        let wanted = first.map { entity, time in
            "(\(database.literal(String(decoding: entity, as: UTF8.self))), timestamptz '\(time.iso8601)')"
        }
        let states = try await database.rows(
            """
            SELECT wanted.entity_id, latest.state FROM (VALUES \(wanted.joined(separator: ", "))) AS wanted (entity_id, time)
            CROSS JOIN LATERAL (
                SELECT state FROM ltss WHERE ltss.entity_id = wanted.entity_id AND ltss.time < wanted.time
                ORDER BY ltss.time DESC LIMIT 1
            ) AS latest
            """)
        for row in states {
            if let entity = row[0].bytes, let state = row[1].bytes { previous[entity] = state }
        }
    }

    private static func condition(_ range: Range<Timestamp>) -> String {
        guard range != .everything else { return "time IS NOT NULL" }
        return "time >= '\(range.lowerBound.iso8601)' AND time < '\(range.upperBound.iso8601)'"
    }
}
