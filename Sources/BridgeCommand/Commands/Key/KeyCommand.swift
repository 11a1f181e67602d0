import ArgumentParser

/// `key`: the keyring that seals tokens and signs audit rows.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keyring that seals tokens and signs audit rows.",
        subcommands: [KeyNew.self, KeyList.self, KeyRotate.self])
}
