import BridgeCore
import PostgresClient

/// Finds what is past its time in a partition of `home_assistant_events`, and deletes it in small steps. Methods throw
/// `PostgresError`.
///
/// What goes is found by entity: whatever stays is passed by, so that a run costs what it deletes and a few look-ups for each entity.
/// The newest state of an entity never goes.
package struct RetentionRepository: Sendable {
    let pool: PostgresPool
    /// How long events are kept of which no rule speaks.
    let days: Int

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool, days: Int) {
        self.pool = pool
        self.days = days
    }

    /// Longer than this nobody waits for a lock, since writers wait behind.
    static let patience = "SET LOCAL lock_timeout = '200ms'"

    // MARK: Finding

    /// What is past its time in `partition` at the moment `now`.
    package func look(at partition: EventPartition, now: Timestamp) async throws -> RetentionMonth {
        let table = try Self.table(partition)
        let parameters: [PostgresValue] = [
            .timestamp(now), .int(Int64(days)), .optional(partition.from) { .timestamp($0) },
        ]
        return try await pool.withConnection { session in
            let types = try await session.query(
                """
                \(Self.kinds(table, "true"))
                SELECT event_type FROM kind
                WHERE event_type IS NOT NULL
                    AND EXISTS (SELECT FROM home_assistant_retention_rule WHERE data = 'events' AND event_type IS NOT NULL)
                """, name: "retention_types", deadline: Self.deadline
            ).map { row throws(PostgresError) in try row.string("event_type") }
            var series = try await session.query(
                Self.ofEntities(table), parameters + [.textArray(types)], name: "retention_of_entities",
                deadline: Self.deadline
            ).map(RetentionSeries.init(row:))
            series += try await session.query(
                Self.ofTypes(table), parameters, name: "retention_of_types", deadline: Self.deadline
            ).map(RetentionSeries.init(row:))
            let waiting = try await Self.waiting(series.filter(\.isDue), partition, session)
            return RetentionMonth(partition: partition, series: series, namedTypes: types, waiting: waiting)
        }
    }

    /// How many rows go, by house and rule.
    package func shares(of month: RetentionMonth) async throws -> [RetentionShare] {
        let table = try Self.table(month.partition)
        var shares: [RetentionShare] = []
        for part in month.groups {
            let members = Self.members(table, ofEntities: part.first?.entity != nil, "TRUE")
            let counts = try await pool.withConnection { session in
                try await session.query(
                    """
                    WITH series AS MATERIALIZED (\([RetentionSeries].rows))
                    SELECT series.number, count(*) AS count FROM series
                    CROSS JOIN LATERAL (\(members)) AS member GROUP BY series.number
                    """, part.parameters + [.textArray(month.namedTypes)], name: "count_retention",
                    deadline: Self.deadline
                ).map { row throws(PostgresError) in (try row.int("number") - 1, try row.int("count")) }
            }
            for (index, count) in counts where part.indices.contains(index) {
                let series = part[index]
                if let known = shares.firstIndex(where: {
                    $0.connection == series.connection && $0.rule == series.rule
                }) {
                    shares[known].rows += count
                } else {
                    shares.append(RetentionShare(connection: series.connection, rule: series.rule, rows: count))
                }
            }
        }
        return shares
    }

    /// Houses that have rows to go which the roll-ups do not hold yet.
    private static func waiting(
        _ due: [RetentionSeries], _ partition: EventPartition, _ session: PostgresConnection
    ) async throws(PostgresError) -> Set<ConnectionID> {
        var last: [ConnectionID: Timestamp] = [:]
        for series in due {
            guard let until = series.until else { continue }
            last[series.connection] = max(last[series.connection] ?? until, min(until, partition.to ?? until))
        }
        var waiting: Set<ConnectionID> = []
        for (connection, until) in last {
            let isCurrent = try await session.query(
                "SELECT coalesce(home_assistant_rollups_are_current($1::uuid, $2::timestamptz), false) AS is_current",
                [.id(connection), .timestamp(until)], name: "rollups_are_current", deadline: Self.deadline
            ).one { row throws(PostgresError) in try row.bool("is_current") }
            if !isCurrent { waiting.insert(connection) }
        }
        return waiting
    }

    // MARK: Deleting

    /// So many series are looked at in one statement.
    package static let seriesAtOnce = 100
    static let deadline = Duration.seconds(300)

    /// The houses of `series` whose events are rolled up as far as they go. It has to stand in the statement that deletes: what came
    /// after the statement began, and its mark, are then both unseen by it.
    static let current = """
        SELECT connection_id FROM series GROUP BY connection_id
        HAVING home_assistant_rollups_are_current(connection_id, max(until))
        """

    /// Deletes rows of `series`, a group of the month, at most `limit`, in one transaction; returns how many went of each house. Rows
    /// with a vector go after the others, so that those that inherit it are rows that stay: `vectors` says which are meant. Rows that
    /// somebody else has locked are passed by, and so are houses whose roll-ups are behind. Throws an error whose `isLockTimeout` is true where something was not to be had soon.
    package func delete(
        _ series: [RetentionSeries], of month: RetentionMonth, vectors: Bool, limit: Int
    ) async throws -> [ConnectionID: Int] {
        let table = try Self.table(month.partition)
        let condition = vectors ? "event.embedding_vector IS NOT NULL" : "event.embedding_vector IS NULL"
        let members = Self.members(table, ofEntities: series.first?.entity != nil, condition)
        let parameters = series.parameters + [.textArray(month.namedTypes)]
        return try await pool.withConnection { session in
            try await session.transaction(deadline: .seconds(60)) { session in
                try session.execute(Self.patience, name: "retention_patience")
                let rows = try session.query(
                    """
                    WITH series AS MATERIALIZED (\([RetentionSeries].rows)), current AS MATERIALIZED (
                        \(Self.current)
                    ), doomed AS MATERIALIZED (
                        SELECT member.place FROM series JOIN current USING (connection_id) CROSS JOIN LATERAL (
                            \(members) LIMIT \(limit) FOR UPDATE OF event SKIP LOCKED
                        ) AS member LIMIT \(limit)
                    ), deleted AS (
                        DELETE FROM \(table) WHERE ctid = ANY (ARRAY(SELECT place FROM doomed)) RETURNING connection_id
                    )
                    SELECT connection_id, count(*) AS count FROM deleted GROUP BY connection_id
                    """, parameters, name: "delete_retained", deadline: .seconds(60))
                var counts: [ConnectionID: Int] = [:]
                for row in rows { counts[try row.id("connection_id")] = try row.int("count") }
                return counts
            }
        }
    }

    /// The name of the partition as SQL. It comes from the catalog; what does not look like one is refused.
    static func table(_ partition: EventPartition) throws -> String {
        let name = partition.name
        let isPlain = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        guard isPlain, name.hasPrefix("home_assistant_events_") else {
            throw StoreError(.invalidValue, "\(name) is no partition of home_assistant_events. Nothing was deleted.")
        }
        return name
    }
}

extension RetentionSeries {
    init(row: PostgresRow) throws(PostgresError) {
        connection = try row.id("connection_id")
        entity = try row.optionalString("entity_id")
        eventType = try row.optionalString("event_type")
        rule = try row.optionalID("rule_id")
        until = try row.optionalTimestamp("until")
        isDue = try row.bool("is_due")
    }
}
