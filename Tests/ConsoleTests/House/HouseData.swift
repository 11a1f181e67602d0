import BridgeCore
import FoundationEssentials
import PostgresClient
import Store

@testable import Console

/// Rows for the endpoints of a house to show.
extension ConsoleHouse {
    /// One event; `ago` seconds before now.
    struct Happening {
        var ago: Double
        var entity: String?
        var new: String?
        var type = "state_changed"
        var attributes = "{}"
        var source = "live"
    }

    /// Stores events and returns their ids in the same order.
    @discardableResult
    func store(_ happenings: [Happening], in connection: ConnectionID) async throws -> [EventID] {
        var ids: [EventID] = []
        for event in happenings {
            let id = EventID()
            ids.append(id)
            _ = try await session.query(
                """
                INSERT INTO home_assistant_events
                    (id, connection_id, event_type, entity_id, new_state, attributes, timestamp, value, source)
                VALUES ($1, $2, $3, $4, $5, $6::jsonb, now() - $7::float8 * interval '1 second',
                    CASE WHEN $5 ~ '^-?[0-9.]+$' THEN $5::float8 END, $8)
                """,
                [
                    .id(id), .id(connection), .text(event.type), .optional(event.entity) { .text($0) },
                    .optional(event.new) { .text($0) }, .text(event.attributes), .double(event.ago),
                    .text(event.source),
                ], name: "add_event")
        }
        return ids
    }

    /// Stores a gap that lasted `length` seconds, or still lasts for `nil`.
    @discardableResult
    func addGap(ago: Double, length: Double?, in connection: ConnectionID) async throws -> GapID {
        let id = GapID()
        _ = try await session.query(
            """
            INSERT INTO home_assistant_event_gaps
                (id, connection_id, cause, started_at, ended_at, backfill_from, status, closed_at, rows_added)
            VALUES ($1, $2, 'disconnected', now() - $3::float8 * interval '1 second',
                now() - ($3::float8 - $4::float8) * interval '1 second', now() - ($3::float8 + 30) * interval '1 second',
                CASE WHEN $4::float8 IS NULL THEN 'open' ELSE 'backfilled' END,
                CASE WHEN $4::float8 IS NOT NULL THEN now() END, 7)
            """, [.id(id), .id(connection), .double(ago), .optional(length) { .double($0) }], name: "add_gap")
        return id
    }

    /// Makes all roll-ups of what is stored.
    func rollUp(_ connection: ConnectionID) async throws {
        let rollups = RollupRepository(services.system)
        let steps: [(ConnectionID) async throws -> RollupStep] = [
            rollups.prepare, rollups.rollUpFiveMinutes, rollups.rollUpHours, rollups.rollUpDays,
        ]
        for step in steps {
            while try await step(connection).isUnfinished {}
        }
    }

    /// Every item of a list, page by page.
    func all(_ path: String, limit: Int, as person: Principal) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor: String?
        for _ in 0..<1_000 {
            let joint = path.contains("?") ? "&" : "?"
            let page = try await get(
                "\(path)\(joint)limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? ""), as: person)
            if case .array(let more)? = page["items"] { items += more }
            guard case .string(let next)? = page["next_cursor"] else { return items }
            cursor = next
        }
        return items
    }
}

/// A member of an object.
func member(_ name: String, of value: JSONValue) -> JSONValue? {
    if case .object(let members) = value { members[name] } else { nil }
}

/// The texts under one name.
func texts(_ name: String, of values: [JSONValue]) -> [String] {
    values.compactMap { if case .string(let text)? = member(name, of: $0) { text } else { nil } }
}
