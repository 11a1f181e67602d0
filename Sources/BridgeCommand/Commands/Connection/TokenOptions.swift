import ArgumentParser
import Cryptography

/// Where a token is read from, and whether it is tried before it is stored.
struct TokenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file that holds the long-lived access token, or - for standard input. Never an argument.",
            valueName: "file"))
    var tokenFile: String

    @Flag(name: .customLong("no-test"), help: "Store it without trying it first.")
    var skipsTest = false
}

extension TokenReader {
    /// Reads the token that `path` names and passes a warning about the file on to the person.
    static func read(_ path: String, telling console: Console) throws -> Reading {
        let reader = TokenReader(askForToken: { console.ask("Access token (it will not show): ") })
        let reading = try reader.read(path)
        // Not before: it would close /dev/fd/63, the token of a shell's <(…), to ordinary users. Where the kernel refuses it,
        // the command still does what it was asked for.
        try? hardenProcess()
        if let warning = reading.warning { console.note(warning) }
        return reading
    }
}
