import BridgeCore

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
