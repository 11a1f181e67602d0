import BridgeCore
import ArgumentParser

/// `ha-bridge run`: the connector process.
struct RunCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Subscribe to every stored connection and write what happens, until SIGTERM.")

    @Flag(help: "Print the effective settings with their sources, then end: 0 when they are valid, else 78.")
    var checkConfig = false

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try settings.checkListening()
        if checkConfig {
            let table = settings.redactedTable()
            if output.json {
                try context.console.show(
                    .array(
                        table.settings.map { row in
                            .object([
                                "name": .string(row.name), "value": row.value.map { .string($0) } ?? .null,
                                "source": .string(row.source),
                            ])
                        }))
            } else {
                for line in table.text.split(separator: "\n") { try context.console.print(String(line)) }
            }
            return
        }
        MemoryAllocation.configure()
        try await BridgeProcess(settings: settings).run()
    }
}
