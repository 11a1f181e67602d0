import BridgeCore
import Store

/// Statistics are read one series after the other, each in the order of time, since what a counter rose by is the difference of two
/// rows that follow each other.
extension RecorderSource {
    /// A position of which all of the series is stored.
    private static let end = Int64.max

    func statistics(
        of phase: ImportPhase, after position: ImportPosition?, _ range: Range<Timestamp>
    ) async throws -> ImportPage {
        var series = position?.number ?? .min
        var at = position?.detail.flatMap { Int64($0) } ?? Self.end
        if at == Self.end {
            guard
                let next = try await database.rows(
                    "SELECT min(id) FROM statistics_meta WHERE id > \(series)"
                ).first?.first?.integer
            else { return ImportPage() }
            series = next
            at = range.lowerBound.microseconds > .min ? range.lowerBound.microseconds - 1 : -1
        }
        let meta = try await database.rows(
            "SELECT statistic_id, unit_of_measurement, source FROM statistics_meta WHERE id = \(series)"
        ).first
        let rows = try await database.rows(schema.statistics(phase, of: series, after: at, limit: Self.pageSize))
        var before = try await sum(phase, of: series, upTo: at)
        var page = ImportPage()
        page.rows = rows.count
        guard let name = meta?[0].string, !name.isEmpty else {
            page.unusable = rows.count
            page.next = ImportPosition(phase, number: series, detail: "\(Self.end)")
            return page
        }
        // Home Assistant counts its own sums from nothing; those of others begin where they like.
        var isFirst = before == nil && phase == .statistics && meta?[2].string == "recorder"
        var isOver = rows.count < Self.pageSize
        for row in rows {
            guard let start = row[0].time ?? row[1].time, start.microseconds % (phase.level.seconds * 1_000_000) == 0
            else {
                page.unusable += 1
                continue
            }
            guard start < range.upperBound else {
                isOver = true
                break
            }
            var statistic = RecordedStatistic(name: name, unit: meta?[1].string, start: start)
            statistic.mean = row[2].real
            statistic.minimum = row[3].real
            statistic.maximum = row[4].real
            statistic.state = row[5].real
            if let sum = row[6].real {
                statistic.change = before.map { sum - $0 } ?? (isFirst ? sum : nil)
                before = sum
                isFirst = false
            }
            statistic.lastReset = row[7].time ?? row[8].time
            page.statistics.append(statistic)
            at = start.microseconds
        }
        page.next = ImportPosition(phase, number: series, detail: "\(isOver ? Self.end : at)")
        return page
    }

    /// What a counter had risen to in the last row up to a moment.
    private func sum(_ phase: ImportPhase, of series: Int64, upTo moment: Int64) async throws -> Double? {
        guard moment > 0 else { return nil }
        return try await database.rows(schema.statistics(phase, of: series, upTo: moment)).first?[6].real
    }
}

extension RecorderSchema {
    /// Whether series have names.
    var hasSeries: Bool {
        has("statistic_id", in: "statistics_meta") && has("unit_of_measurement", in: "statistics_meta")
    }

    /// Rows of one series behind a moment, in the order of time.
    func statistics(_ phase: ImportPhase, of series: Int64, after moment: Int64, limit: Int) -> String {
        statistics(
            phase, "metadata_id = \(series) AND \(start(phase)) > \(literal(moment, phase))", limit, newestFirst: false)
    }

    /// The last row of one series up to a moment.
    func statistics(_ phase: ImportPhase, of series: Int64, upTo moment: Int64) -> String {
        statistics(
            phase, "metadata_id = \(series) AND sum IS NOT NULL AND \(start(phase)) <= \(literal(moment, phase))", 1,
            newestFirst: true)
    }

    func statistics(_ phase: ImportPhase, _ condition: String, _ limit: Int, newestFirst: Bool) -> String {
        let table = table(of: phase)
        func column(_ name: String) -> String { has(name, in: table) ? name : "NULL" }
        return """
            SELECT \(column("start_ts")), \(column("start")), mean, min, max, state, sum, \(column("last_reset_ts")),
                \(column("last_reset"))
            FROM \(table) WHERE \(condition) ORDER BY \(start(phase))\(newestFirst ? " DESC" : "") LIMIT \(limit)
            """
    }

    private func start(_ phase: ImportPhase) -> String {
        has("start_ts", in: table(of: phase)) ? "start_ts" : "start"
    }

    /// A moment as the column has it: seconds, or a date in UTC as SQLite and PostgreSQL compare it.
    private func literal(_ moment: Int64, _ phase: ImportPhase) -> String {
        if has("start_ts", in: table(of: phase)) { return "\(Double(moment) / 1_000_000)" }
        return "'\(Timestamp(microseconds: moment).iso8601.prefix(26).replacing("T", with: " "))'"
    }
}
