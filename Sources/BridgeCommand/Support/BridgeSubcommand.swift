import ArgumentParser
import Cryptography
import Glibc

/// A subcommand that works in a `CommandContext` and ends with an exit status of `ExitStatus`.
protocol BridgeSubcommand: AsyncParsableCommand {
    /// Does the work. What it throws becomes one message on standard error and an exit status; see `CommandFailure.init(_:)`.
    func run(in context: CommandContext) async throws
}

extension BridgeSubcommand {
    mutating func run() async throws {
        // A reader that goes away shows as EPIPE, for which the command ends quietly.
        signal(SIGPIPE, SIG_IGN)
        keepOpenSSLUntilTheEnd()
        let status = await Self.status(of: self, in: .live)
        guard status == .success else { throw ExitCode(status.rawValue) }
    }

    /// Runs `command`, tells of its failure on standard error and returns how it ended.
    static func status(of command: Self, in context: CommandContext) async -> ExitStatus {
        do {
            try await command.run(in: context)
            return .success
        } catch is Console.BrokenPipe {
            return .success
        } catch {
            let failure = CommandFailure(error)
            context.console.note(failure.message)
            return failure.status
        }
    }
}
