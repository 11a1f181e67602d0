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

/// A stretch of time that a request asks about.
enum AskedTime {
    /// `since` to `until` of a query, by default the last `span` seconds. Throws a 422 `Problem` where it is empty or longer than
    /// `longest` days.
    static func range(
        _ query: QueryReader, span: Int64, longest: Int64, now: Timestamp = .now
    ) throws(Problem) -> Range<Timestamp> {
        let until = try query.time("until") ?? now
        let since = try query.time("since") ?? until.adding(seconds: -span)
        guard since < until else { throw .unfit("The parameter since takes a moment before until.") }
        guard until.microseconds - since.microseconds <= longest * 86_400_000_000 else {
            throw .unfit("From since to until are \(longest) days at most.")
        }
        return since..<until
    }
}
