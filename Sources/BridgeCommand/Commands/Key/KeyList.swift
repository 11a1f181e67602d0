import ArgumentParser
import BridgeCore
import Cryptography

/// `key list`.
struct KeyList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the keys of the keyring, never what is secret of them.",
        discussion: "With --json, keys that sign or verify come with their public half in PEM.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let keyring = try Keyring.load(path: try context.settings(requiresDatabase: false).keyFile)
        let rows = keyring.summaries.map { key in
            [key.id, key.purpose, TimeText.table(key.createdAt), key.isPrimary ? "yes" : "no"]
        }
        let objects = keyring.summaries.map { key in
            JSONValue.object([
                "id": .string(key.id),
                "purpose": .string(key.purpose),
                "created_at": .time(key.createdAt),
                "is_primary": .bool(key.isPrimary),
                "public_key": keyring.verifier.publicKeyPEM(key.id).map(JSONValue.string) ?? .null,
            ])
        }
        let table = TextTable([.init("KEY"), .init("PURPOSE"), .init("MADE"), .init("PRIMARY")], rows: rows)
        try context.console.show(objects, table: table, empty: "The keyring holds no key.", as: output)
    }
}
