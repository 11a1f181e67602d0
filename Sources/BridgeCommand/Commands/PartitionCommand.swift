import BridgeCore
import ArgumentParser
import Store

/// `partition`: the pieces of the events' table.
struct PartitionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition", abstract: "The monthly partitions of the events.", subcommands: [PartitionList.self])
}

/// `partition list`.
struct PartitionList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the partitions with their range and size.",
        discussion: """
            The numbers of rows are PostgreSQL's estimates. EMPTIED FROM and EMPTY BY say when retention begins with a partition, and \
            when all but the newest states has gone; see ha-bridge retention run --dry-run.
            """)

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let (partitions, rules) = try await context.withPool(settings) { pool in
            (try await PartitionRepository(pool).list(), try await RetentionRuleRepository(pool).list())
        }
        let kept = rules.filter { $0.isActive && $0.draft.data == .events }.map(\.draft.keepDays)
        let outlook = RetentionOutlook(days: [settings.retentionDays] + kept)
        let columns: [TextTable.Column] = [
            .init("NAME"), .init("FROM"), .init("TO"), .init("ROWS", .right), .init("SIZE", .right),
            .init("EMPTIED FROM"), .init("EMPTY BY"),
        ]
        func day(_ moment: Timestamp?, else text: String = "-") -> String {
            moment.map { String($0.iso8601.prefix(10)) } ?? text
        }
        let rows = partitions.map { partition -> [String] in
            let end = day(outlook.ends(partition), else: partition.isDefault ? "-" : "never")
            return [
                partition.name, day(partition.from), day(partition.to), String(partition.estimatedRows),
                ByteText.of(partition.bytes), day(outlook.begins(partition)), end,
            ]
        }
        try context.console.show(
            partitions.map { $0.jsonValue(outlook) }, table: TextTable(columns, rows: rows),
            empty: "There are no partitions.",
            as: output)
    }
}

extension EventPartition {
    fileprivate func jsonValue(_ outlook: RetentionOutlook) -> JSONValue {
        .object([
            "retention_begins_at": .time(outlook.begins(self)),
            "retention_ends_at": .time(outlook.ends(self)),
            "name": .string(name),
            "from": .time(from),
            "to": .time(to),
            "is_default": .bool(isDefault),
            "estimated_rows": .integer(Int64(estimatedRows)),
            "bytes": .integer(Int64(bytes)),
        ])
    }
}

/// When retention comes to a partition.
struct RetentionOutlook {
    /// How many days things are kept, by the settings and by each rule; `nil` for ever.
    let days: [Int?]

    /// When its first events may go; `nil` for the default partition.
    func begins(_ partition: EventPartition) -> Timestamp? {
        guard let from = partition.from, let least = days.compactMap({ $0 }).min() else { return nil }
        return from.adding(seconds: Int64(least) * 86_400)
    }

    /// When all that may go has gone; `nil` where a rule keeps something for ever, and for the default partition.
    func ends(_ partition: EventPartition) -> Timestamp? {
        guard let to = partition.to, !days.contains(nil), let most = days.compactMap({ $0 }).max() else { return nil }
        return to.adding(seconds: Int64(most) * 86_400)
    }
}
