import BridgeCore
import PostgresClient

/// Which entities to list; what is `nil` does not narrow.
package struct EntityFilter: Sendable, Equatable {
    /// A part of the entity id or of the name, in whatever case.
    package var text: String?
    /// `light` for entities such as `light.kitchen`.
    package var domain: String?

    /// Makes a filter; without arguments it lets everything through.
    package init(text: String? = nil, domain: String? = nil) {
        self.text = text
        self.domain = domain
    }
}

/// The entities of a connection and how they are now. Methods throw `PostgresError`.
package struct EntityRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The entities of a connection by their id, those behind `after` alone where one is given. At most `limit`.
    package func list(
        of connection: ConnectionID, _ filter: EntityFilter = EntityFilter(), after: String? = nil, limit: Int
    ) async throws -> [EntityState] {
        let source = try await source(of: connection)
        var range = EntityRange(after: after.map { StorableText.fitting($0) })
        if let domain = filter.domain { range.narrow(to: StorableText.fitting(domain) + ".") }
        var builder = EntityQuery(connection, range)
        var conditions = "latest.state IS NOT NULL"
        if let text = filter.text {
            let pattern = builder.add(.text("%" + EntityQuery.escaped(StorableText.fitting(text)) + "%"))
            conditions += """
                 AND (entity.entity_id ILIKE \(pattern)
                    OR coalesce(names.name, latest.attributes ->> 'friendly_name') ILIKE \(pattern))
                """
        }
        let limit = builder.add(.int(Int64(max(0, limit))))
        let sql = """
            WITH RECURSIVE \(builder.candidates(source))
            \(EntityQuery.states)
            WHERE \(conditions)
            ORDER BY entity.entity_id COLLATE "C"
            LIMIT \(limit)
            """
        return try await read(sql, builder.parameters, name: "list_entities")
    }

    /// One entity, or `nil` where nothing is known of it or it was removed.
    package func find(_ entity: String, of connection: ConnectionID) async throws -> EntityState? {
        try await read(
            """
            WITH entity AS MATERIALIZED (SELECT $2::varchar AS entity_id)
            \(EntityQuery.states)
            WHERE latest.state IS NOT NULL
            """, [.id(connection), .text(StorableText.fitting(entity))], name: "find_entity"
        ).first
    }

    /// The ids that a LIKE pattern means, in no order; `nil` where the roll-ups do not tell them.
    func ids(of connection: ConnectionID, like pattern: String, limit: Int) async throws -> [String]? {
        let source = try await source(of: connection)
        guard source == .rollups else { return nil }
        var range = EntityRange(after: nil)
        range.narrow(to: EntityQuery.literalPrefix(of: pattern))
        var builder = EntityQuery(connection, range)
        let parameter = builder.add(.text(pattern))
        let limit = builder.add(.int(Int64(limit)))
        let sql = """
            WITH RECURSIVE \(builder.candidates(source))
            SELECT entity.entity_id FROM entity WHERE entity.entity_id LIKE \(parameter) LIMIT \(limit)
            """
        let parameters = builder.parameters
        return try await pool.withConnection { session in
            try await session.query(sql, parameters, name: "entities_like")
                .map { row throws(PostgresError) in try row.string("entity_id") }
        }
    }

    /// Where the ids of the entities come from.
    private func source(of connection: ConnectionID) async throws -> EntityQuery.Source {
        try await pool.withConnection { session in
            let known = try await session.query(
                """
                SELECT FROM home_assistant_rollup_progress WHERE connection_id = $1 AND marked_until = 'infinity'
                """, [.id(connection)], name: "rollup_progress")
            return known.isEmpty ? .events : .rollups
        }
    }

    private func read(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> [EntityState] {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name).map(EntityState.init(row:))
        }
    }
}
