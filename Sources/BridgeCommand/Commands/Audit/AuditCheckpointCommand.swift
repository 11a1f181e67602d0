import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `audit checkpoint`.
struct AuditCheckpointCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Print a signed statement of where every chain stands.",
        discussion: """
            One line of JSON, to be kept where nobody who may change the database reaches it. audit verify --checkpoints takes \
            it, alone or among others. The running bridge makes such statements by itself, to its log and its state directory.
            """)

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let keys = try context.requireAuditKeys(settings)
        let (look, checkpoint) = try await context.withPool(settings) { pool in
            let checkpointer = AuditCheckpointer(pool, keys: keys)
            let look = try await checkpointer.look()
            return (look, try checkpointer.statement(of: look.positions, at: .now))
        }
        for warning in look.warnings { context.console.note("\(warning) It was left out.") }
        guard let checkpoint else {
            context.console.note("There are no signed rows yet.")
            return
        }
        try context.console.print(try checkpoint.line())
    }
}
