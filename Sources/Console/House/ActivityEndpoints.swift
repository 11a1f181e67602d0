import BridgeCore
import Store

/// `GET /gaps`, `GET /metrics` and `GET /activity`: how well the house was recorded.
enum ActivityEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "gaps", scope: .read) { call in try .json(try await gaps(call)) }
        endpoints.add(.get, "metrics", scope: .read) { call in try .json(try await metrics(call)) }
        endpoints.add(.get, "activity", scope: .read) { call in try .json(try await activity(call)) }
    }

    private static func gaps(_ call: Call) async throws -> JSONValue {
        let query = try call.query("connection", "open", "since", "until", "limit", "cursor")
        let limit = try query.integer("limit", in: 1...200, or: 50)
        let filter = GapFilter(
            connection: try query.id("connection"), isOpen: try query.flag("open"), since: try query.time("since"),
            until: try query.time("until"))
        let place = try query.cursor().map { cursor throws(Problem) in try EventEndpoints.place(cursor) }
        _ = try await Houses(call).chosen(filter.connection)
        let rows = try await GapRepository(call.reader).page(
            filter, after: place.map { ($0.timestamp, GapID($0.id.uuid)) }, limit: limit + 1)
        return Page(rows, limit: limit, item: \.jsonValue) { gap in
            PageCursor(after: String(gap.startedAt.microseconds), gap.id.description)
        }.jsonValue
    }

    private static func metrics(_ call: Call) async throws -> JSONValue {
        let query = try call.query("connection", "since", "until")
        let range = try AskedTime.range(query, span: 7 * 86_400, longest: 92)
        let houses = try await Houses(call).chosen(try query.id("connection"))
        let hours = try await ConnectionMetricsRepository(call.reader).hours(of: houses.map(\.id), in: range)
        return .object([
            "since": .time(range.lowerBound), "until": .time(range.upperBound), "items": .array(hours.map(Self.json)),
        ])
    }

    private static func json(_ hour: ConnectionHour) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        return .object([
            "connection_id": .string(hour.connectionID.description),
            "connection": .string(hour.connectionName),
            "hour": .time(hour.hour),
            "latency_ms": number(hour.latencyMS),
            "worst_latency_ms": number(hour.worstLatencyMS),
            "uptime_percent": number(hour.uptimePercent),
            "error_rate_percent": number(hour.errorRatePercent),
            "events_per_second": number(hour.eventsPerSecond),
            "most_events_per_second": number(hour.mostEventsPerSecond),
        ])
    }

    // MARK: Activity

    /// Up to this many days by five minutes.
    private static let fineDays: Int64 = 2
    /// So many gaps at most, the newest ones.
    private static let gapLimit = 200

    private static func activity(_ call: Call) async throws -> JSONValue {
        let query = try call.query("connection", "since", "until", "rows")
        let range = try AskedTime.range(query, span: 86_400, longest: 92)
        let most = try query.integer("rows", in: 1...50, or: 6)
        let houses = try await Houses(call).chosen(try query.id("connection"))
        let isEach = houses.count <= most
        let span = range.upperBound.microseconds - range.lowerBound.microseconds
        let seconds: Int64 = span <= fineDays * 86_400_000_000 ? 300 : 3_600
        let whole = begin(of: range.lowerBound, seconds)..<range.upperBound
        let metrics = ConnectionMetricsRepository(call.reader)
        let ids = houses.map(\.id)
        let found =
            seconds == 300
            ? try await metrics.activityByFiveMinutes(of: ids, each: isEach, in: whole)
            : try await metrics.activityByHour(of: ids, each: isEach, in: whole)
        let gaps = try await GapRepository(call.reader).page(
            GapFilter(connection: try query.id("connection"), since: range.lowerBound, until: range.upperBound),
            limit: gapLimit)
        let shown: [HouseName?] = isEach ? houses : [nil]
        let buckets = Dictionary(grouping: found, by: \.connection)
        return .object([
            "since": .time(range.lowerBound), "until": .time(range.upperBound), "bucket_seconds": .integer(seconds),
            "first_bucket": .time(whole.lowerBound),
            "rows": .array(
                shown.map { house in row(of: house, buckets[house?.id] ?? [], in: whole, seconds) }),
            "gaps": .array(gaps.reversed().map(\.jsonValue)),
        ])
    }

    private static func begin(of time: Timestamp, _ seconds: Int64) -> Timestamp {
        let size = seconds * 1_000_000
        let rest = ((time.microseconds % size) + size) % size
        return Timestamp(microseconds: time.microseconds - rest)
    }

    /// Every bucket of the time; `null` where nothing was measured, which is not the same as none. Lists of numbers, since the page
    /// that everybody sees first has a day of each house.
    private static func row(
        of house: HouseName?, _ found: [ActivityBucket], in range: Range<Timestamp>, _ seconds: Int64
    ) -> JSONValue {
        let known = Dictionary(found.map { ($0.start, $0) }, uniquingKeysWith: { first, _ in first })
        let buckets = stride(
            from: range.lowerBound.microseconds, to: range.upperBound.microseconds, by: Int(seconds) * 1_000_000
        ).map { known[Timestamp(microseconds: $0)] }
        return .object([
            "connection_id": .optional(house?.id.description),
            "connection": .optional(house?.name),
            "events": .array(buckets.map { $0.map { .integer(Int64($0.events.rounded())) } ?? .null }),
            "uptime_percent": .array(
                buckets.map { $0?.uptimePercent.map { .number(($0 * 100).rounded() / 100) } ?? .null }),
        ])
    }
}
