import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `key rotate`.
struct KeyRotate: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make fresh keys and seal every stored token and backup anew, while the bridge runs.",
        discussion: """
            Afterwards nothing in the database is sealed with an earlier key, and the keyring loses those keys: copy the file \
            anew. Dumps of the database from before need them, so keep the copy that you have for as long as the dumps, or give \
            --keep-old. Of an earlier signing key the public half stays, which verifies what it has signed.

            Interrupted at any point, the same command goes on where it stopped, without another key. A token that does not \
            open is named and left as it is, its key stays in the keyring, and the command exits with 78.

            A bridge on another machine reads its own copy of the keyring: copy the file there at once. Until then its \
            connections wait.
            """)

    @Flag(help: "Leave the earlier keys in the keyring, for dumps of the database and for other databases.")
    var keepOld = false

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        // Where the kernel refuses it, the command still does what it was asked for.
        try? hardenProcess()
        let editor = try KeyringEditor(path: settings.keyFile)
        let rotation: KeyRotation.Result
        rotation = try await context.withPool(settings) { pool in
            let engine = KeyRotation(
                editor: editor, values: SealedValueRepository(pool),
                onProgress: { console.progress("Sealed \($0) values anew …") })
            let result = try await engine.run(keepsOld: keepOld)
            console.endProgress()
            // Nobody of the users: whoever runs this is known to the machine alone.
            try await AuditTrail(pool, settings, context).record(
                .keyRotate, connection: nil, user: KeyRotation.nobody, success: result.failures.isEmpty,
                details: result.jsonMembers,
                message: result.failures.isEmpty ? nil : "\(result.failures.count) sealed values do not open.")
            return result
        }
        if output.json { try console.show(.object(rotation.jsonMembers)) }
        for sentence in rotation.sentences { console.note(sentence) }
        guard rotation.failures.isEmpty else {
            throw CommandFailure(
                .configuration,
                "\(rotation.failures.count) sealed values do not open and were left as they are. The keys that they name"
                    + " stay in the keyring.")
        }
    }
}

extension KeyRotation.Result {
    /// What may be told of it; no key.
    var jsonMembers: [String: JSONValue] {
        [
            "primary_key": .string(primaryKeyID),
            "signing_key": .optional(signingKeyID),
            "made_keys": .bool(madeKeys),
            "resealed_tokens": .integer(Int64(resealed[.tokens] ?? 0)),
            "resealed_backups": .integer(Int64(resealed[.backups] ?? 0)),
            "resealed_proposals": .integer(Int64(resealed[.proposals] ?? 0)),
            "removed_keys": .array(removedKeyIDs.map { .string($0) }),
            "kept_keys": .array(keptKeyIDs.map { .string($0) }),
            "unopened": .array(failures.map { .string($0.subject) }),
        ]
    }

    /// For a person.
    var sentences: [String] {
        var sentences = failures.map { "The \($0.subject): \($0.reason)" }
        var count = "\(resealed[.tokens] ?? 0) tokens and \(resealed[.backups] ?? 0) backups"
        if let proposals = resealed[.proposals] { count += " and \(proposals) proposals" }
        if madeKeys {
            sentences.append("Made the key \(primaryKeyID) and sealed \(count) with it.")
        } else {
            sentences.append(
                "Finished the rotation to the key \(primaryKeyID) that was interrupted: sealed \(count). No new key was made;"
                    + " for one, run the command again.")
        }
        if !removedKeyIDs.isEmpty {
            sentences.append("Took \(removedKeyIDs.joined(separator: ", ")) out of the keyring. Copy the file anew.")
        } else if !keptKeyIDs.isEmpty {
            sentences.append("The keyring still holds \(keptKeyIDs.joined(separator: ", ")). Copy the file anew.")
        }
        return sentences
    }
}
