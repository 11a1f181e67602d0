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
        discussion: "The numbers of rows are PostgreSQL's estimates.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let partitions = try await context.withPool(try context.settings()) { try await PartitionRepository($0).list() }
        let columns: [TextTable.Column] = [
            .init("NAME"), .init("FROM"), .init("TO"), .init("ROWS", .right), .init("SIZE", .right),
        ]
        let rows = partitions.map { partition in
            [
                partition.name, partition.from.map { String($0.iso8601.prefix(10)) } ?? "-",
                partition.to.map { String($0.iso8601.prefix(10)) } ?? "-", String(partition.estimatedRows),
                ByteText.of(partition.bytes),
            ]
        }
        try context.console.show(
            partitions.map(\.jsonValue), table: TextTable(columns, rows: rows), empty: "There are no partitions.",
            as: output)
    }
}

extension EventPartition {
    fileprivate var jsonValue: JSONValue {
        .object([
            "name": .string(name),
            "from": .time(from),
            "to": .time(to),
            "is_default": .bool(isDefault),
            "estimated_rows": .integer(Int64(estimatedRows)),
            "bytes": .integer(Int64(bytes)),
        ])
    }
}
