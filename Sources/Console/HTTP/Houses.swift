import BridgeCore
import Store

/// The houses that somebody sees, by name.
struct Houses {
    let all: [HouseName]

    /// The houses that the caller sees.
    init(_ call: Call) async throws { all = try await ConnectionRepository(call.reader).houses() }

    var ids: [ConnectionID] { all.map(\.id) }

    /// The house of this id alone, or every one for `nil`. Throws a 404 `Problem` for one that the caller does not see.
    func chosen(_ id: ConnectionID?) throws(Problem) -> [HouseName] {
        guard let id else { return all }
        guard let house = all.first(where: { $0.id == id }) else { throw .notFound("connection") }
        return [house]
    }
}
