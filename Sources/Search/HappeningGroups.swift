import BridgeCore
import Store

/// Puts events that a person would call the same into one result: same connection, same entity, same sentence.
struct HappeningGroups {
    private struct Name: Hashable {
        var connection: ConnectionID
        var entityID: String?
        var text: String
    }

    /// How many other times a result names.
    static let otherTimesLimit = 5

    private var places: [Name: Int] = [:]
    /// In the order in which they came.
    private(set) var results: [SearchResult] = []

    /// Adds what was found next. A score may come more than once for the same happening, by time of day: the best one stays.
    mutating func add(_ result: SearchResult) {
        let name = Name(connection: result.connection, entityID: result.entityID, text: result.text)
        guard let place = places[name] else {
            places[name] = results.count
            results.append(result)
            return
        }
        results[place] = Self.joined(results[place], result)
    }

    /// Whether a hit is one of those that make up a result.
    static func belongs(_ hit: SearchHit, to result: SearchResult) -> Bool {
        hit.key.connection == result.connection && hit.entityID == result.entityID && hit.text ?? "" == result.text
    }

    private static func joined(_ first: SearchResult, _ second: SearchResult) -> SearchResult {
        var (newer, older) = (first, second)
        if (older.timestamp, older.eventID.description) > (newer.timestamp, newer.eventID.description) {
            swap(&newer, &older)
        }
        newer.score = max(first.score, second.score)
        newer.occurrences = first.occurrences + second.occurrences
        let others = Set(newer.otherTimes + [older.timestamp] + older.otherTimes).subtracting([newer.timestamp])
        newer.otherTimes = Array(others.sorted(by: >).prefix(otherTimesLimit))
        return newer
    }
}
