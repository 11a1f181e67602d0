import ArgumentParser
import BridgeCore
import Store

/// `metrics`: how a connection fared.
struct MetricsCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Show latency, uptime, error rate and event rate of a connection.")

    @OptionGroup var target: ConnectionTarget

    @Option(help: "From when on: a length such as 2h or 7d, or a date and time in UTC.")
    var since = MomentArgument.ago(seconds: 3_600)

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let connection: StoredConnection
        let samples: [MetricSample]
        (connection, samples) = try await context.withPool(try context.settings()) { pool in
            let connection = try await target.find(in: pool)
            let since = since.resolved(now: TimeText.now())
            return (
                connection, try await ConnectionMetricsRepository(pool).recent(connection: connection.id, since: since)
            )
        }
        let objects = samples.map { sample in
            JSONValue.object([
                "connection": .string(connection.name),
                "metric_type": .string(sample.type),
                "metric_value": .number(sample.value),
                "timestamp": .time(sample.timestamp),
            ])
        }
        try context.console.show(
            objects, table: Self.table(samples), empty: "There are no metrics of “\(connection.name)” in that time.",
            as: output)
    }

    /// One line for each interval, one column for each type.
    static func table(_ samples: [MetricSample]) -> TextTable {
        let known = [
            ("latency", "LATENCY ms"), ("uptime", "UPTIME %"), ("error_rate", "ERRORS %"), ("event_rate", "EVENTS/s"),
        ]
        let others = Set(samples.map(\.type)).subtracting(known.map(\.0)).sorted().map { ($0, $0.uppercased()) }
        let types = known + others
        let intervals = Dictionary(grouping: samples, by: \.timestamp).sorted { $0.key < $1.key }
        let rows = intervals.map { time, samples in
            [TimeText.table(time)]
                + types.map { type, _ in samples.first { $0.type == type }.map { number($0.value) } ?? "-" }
        }
        return TextTable([.init("INTERVAL")] + types.map { .init($0.1, .right) }, rows: rows)
    }

    /// Two decimals, rounded half away from zero.
    static func number(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let digits = String(abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        return "\(sign)\(abs(hundredths) / 100)." + (digits.count == 1 ? "0" : "") + digits
    }
}
