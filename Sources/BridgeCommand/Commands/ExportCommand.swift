import ArgumentParser
import BridgeCore
import Store

/// `export`: everything that is stored about a user.
struct ExportCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write out everything that is stored about a user.",
        discussion: """
            JSON Lines: each line is a row as the table holds it, times in UTC. Into a directory goes a file for each table; on \
            standard output each line is {"table":…,"row":…}. Tokens of Home Assistant, sealed values and vectors are left out, \
            and secrets in old rows are overwritten. Rows of other people's houses that name the user, as whoever approved a \
            change, are told by their keys, times and names: {"table":…,"mention":…}, or a file TABLE.mentions.jsonl.
            """)

    @Option(help: ArgumentHelp("The user's name.", valueName: "name"))
    var user: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A directory to make, or one that is empty; - for standard output.", valueName: "directory"))
    var output = "-"

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let user = try await UserRepository(pool).named(user)
            let data = UserDataRepository(pool)
            let console = context.console
            let target: any ExportTarget =
                output == "-" ? ExportStream(console: console) : try ExportDirectory(path: output)
            try await AuditTrail(pool, settings, context).record(
                .userExport, connection: nil, user: user.id)
            let connections = try await data.connections(of: user.id)
            var total = 0
            var tables = 0
            for table in try await data.tables() where table.concernsUsers {
                var count = 0
                try await data.forEachRow(of: table, user: user.id, connections: connections) { row, isMention in
                    try target.write(row, of: table.name, isMention: isMention)
                    count += 1
                    if count % 10_000 == 0 { console.progress("\(table.name): \(count) rows") }
                }
                total += count
                if count > 0 { tables += 1 }
            }
            try target.finish()
            console.note("Exported \(total) rows of \(tables) tables about “\(user.username)”.")
        }
    }
}
