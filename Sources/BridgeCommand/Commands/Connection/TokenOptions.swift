import ArgumentParser

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
        if let warning = reading.warning { console.note(warning) }
        return reading
    }
}
