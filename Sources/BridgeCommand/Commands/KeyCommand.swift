import BridgeCore
import ArgumentParser
import Cryptography
import Glibc

/// `key`: the keyring that seals tokens and signs audit rows.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keyring that seals tokens and signs audit rows.",
        subcommands: [KeyNew.self, KeyList.self])
}

/// `key new`.
struct KeyNew: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a keyring with fresh keys. Never overwrites one.",
        discussion: """
            The file is the one that HA_BRIDGE_KEY_FILE names, or "keyring" in HA_BRIDGE_STATE_DIR. Keep a copy in a safe \
            place: without it, no stored token can be opened.
            """)

    func run(in context: CommandContext) async throws {
        let path = try context.settings(requiresDatabase: false).keyFile
        try Self.makeParent(of: path)
        let keyring = try Keyring.create(path: path)
        context.console.note(
            "Made the keyring \(path) with key \(keyring.primaryKeyID). Keep a copy in a safe place: without it, no stored"
                + " token can be opened.")
    }

    /// Makes the directories that are missing above `path`, for their owner alone. Those that are there stay as they are.
    static func makeParent(of path: String) throws {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let parent = String(path[..<slash])
        var status = stat()
        if stat(parent, &status) == 0 { return }
        try makeParent(of: parent)
        guard mkdir(parent, 0o700) == 0 || errno == EEXIST else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(
                .permission,
                "Cannot make the directory \(parent) for the keyring (\(reason)). Make it, or set HA_BRIDGE_STATE_DIR.")
        }
    }
}

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
