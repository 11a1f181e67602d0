import ArgumentParser
import Cryptography
import Glibc

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
