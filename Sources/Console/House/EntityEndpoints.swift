import BridgeCore
import Store

/// `GET /entities`, one of them, and its past.
enum EntityEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "entities", scope: .read) { call in try .json(try await list(call)) }
        endpoints.add(.get, "entities/:entity_id", scope: .read) { call in
            let query = try call.query("connection")
            let entity = try await Self.entity(call, query)
            let document = entity.jsonMembers.merging(["attributes": .parsed(entity.attributes)]) { own, _ in own }
            return try .json(.object(document))
        }
        endpoints.add(.get, "entities/:entity_id/history", scope: .read) { call in
            let query = try call.query("connection", "since", "until", "points")
            let points = try query.integer("points", in: 50...2_000, or: 500)
            // Nothing is known of the time to come.
            let asked = try AskedTime.range(query, span: 86_400, longest: 36_600)
            let entity = try await Self.entity(call, query)
            let range = asked.lowerBound..<max(asked.lowerBound, min(asked.upperBound, .now))
            let history = try await HistoryReader(call.reader, entity: entity).read(range, points: points)
            let gaps = try await GapRepository(call.reader).page(
                GapFilter(connection: entity.connectionID, since: asked.lowerBound, until: asked.upperBound),
                limit: gapLimit)
            var document = history.jsonMembers
            document["since"] = .time(asked.lowerBound)
            document["until"] = .time(asked.upperBound)
            document["gaps"] = .array(gaps.reversed().map(\.jsonValue))
            for name in ["connection_id", "connection", "entity_id", "name", "area", "unit", "device_class"] {
                document[name] = entity.jsonMembers[name]
            }
            return try .json(.object(document))
        }
    }

    /// So many gaps at most, the newest ones.
    private static let gapLimit = 200

    private static func list(_ call: Call) async throws -> JSONValue {
        let query = try call.query("connection", "q", "domain", "limit", "cursor")
        let limit = try query.integer("limit", in: 1...200, or: 50)
        let filter = EntityFilter(text: try query.text("q"), domain: try query.text("domain", limit: 64))
        let place = try query.cursor().map { cursor throws(Problem) in try Self.place(cursor) }
        let houses = try await Houses(call).chosen(try query.id("connection"))
        let entities = EntityRepository(call.reader)
        var rows: [EntityState] = []
        // One by one, and not by entities across houses: each house is one walk along an index.
        for house in houses.sorted(by: { $0.id.description < $1.id.description }) where rows.count <= limit {
            if let place, house.id.description < place.house { continue }
            let after = place.flatMap { house.id.description == $0.house ? $0.entity : nil }
            rows += try await entities.list(of: house.id, filter, after: after, limit: limit + 1 - rows.count)
        }
        return Page(rows, limit: limit) { entity in
            .object(entity.jsonMembers)
        } cursor: { entity in
            PageCursor(after: entity.connectionID.description, entity.entityID)
        }.jsonValue
    }

    private static func place(_ cursor: PageCursor) throws(Problem) -> (house: String, entity: String) {
        let parts = try cursor.parts(2)
        guard let house = ConnectionID(parts[0]) else { throw PageCursor.foreign }
        return (house.description, parts[1])
    }

    /// The entity that the path names, in the house that the query names or in the only one that has it.
    private static func entity(_ call: Call, _ query: QueryReader) async throws -> EntityState {
        let id = try call.text("entity_id")
        let houses = try await Houses(call).chosen(try query.id("connection"))
        let entities = EntityRepository(call.reader)
        var found: [EntityState] = []
        for house in houses {
            if let entity = try await entities.find(id, of: house.id) { found.append(entity) }
        }
        guard let entity = found.first else { throw Problem.notFound("entity") }
        guard found.count == 1 else {
            let names = found.map { "\($0.connectionName) (\($0.connectionID))" }.joined(separator: ", ")
            throw Problem(409, "ambiguous", "Several houses have \(id). Say which by connection: \(names).")
        }
        return entity
    }
}
