import BridgeCore
import ArgumentParser
import Automation
import Cryptography
import HomeAssistantClient
import Store

/// `automation diff`.
struct AutomationDiffCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what changed between two versions of an automation's configuration.",
        discussion: """
            Without versions: the newest against the one before it. With one: that against the one before it. With two: the \
            first against the second. Values that are stored encrypted show as ‹text …› and ‹secret …›; equal ones have equal \
            digits. --reveal decrypts the texts, which may be values of !secret; what looks like a password or a token is never \
            shown.
            """)

    @OptionGroup var subject: AutomationSubject

    @Argument(help: ArgumentHelp("One version, or two.", valueName: "version"))
    var versions: [Int] = []

    @Flag(help: "Decrypt texts that may be values of !secret. Needs the keyring.")
    var reveal = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard versions.count <= 2 else { throw ValidationError("Give at most two versions.") }
        guard versions.allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
            throw ValidationError("A version is a number from 1.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let sealer =
            reveal ? ConfigurationSealer(TokenSealer(try KeyringSource(path: settings.keyFile))) : nil
        let (automation, pair) = try await context.withPool(settings) { pool in
            let automation = try await subject.find(in: pool)
            return (automation, try await choose(of: automation, in: BackupRepository(pool)))
        }
        func lines(_ backup: StoredBackup?) throws -> [String] {
            guard let backup, let snapshot = ConfigurationValue(json: backup.snapshot) else { return [] }
            let opened = try sealer?.open(
                snapshot, sealedSecrets: backup.sealedSecrets, of: automation.id, connection: automation.connectionID,
                revealsSecrets: false)
            return ConfigurationText.lines(ConfigurationSpelling.normalised(opened ?? snapshot))
        }
        let difference = LineDifference(from: try lines(pair.old), to: try lines(pair.new))
        if output.json {
            return try context.console.show(Self.jsonValue(automation, pair.old, pair.new, difference))
        }
        let old = pair.old.map { "version \($0.version) of \(TimeText.table($0.createdAt))" } ?? "nothing before it"
        let new = "version \(pair.new.version) of \(TimeText.table(pair.new.createdAt))"
        if difference.isEmpty {
            return context.console.note("“\(automation.name)” is the same in \(old) and in \(new).")
        }
        for line in Self.lines(difference, old: old, new: new, hasColour: context.console.terminal.hasColour) {
            try context.console.print(line)
        }
    }

    private func choose(
        of automation: StoredAutomation, in backups: BackupRepository
    ) async throws -> (old: StoredBackup?, new: StoredBackup) {
        if versions.count == 2 {
            let old = try await backups.find(versions[0], of: automation.id)
            return (old, try await backups.find(versions[1], of: automation.id))
        }
        let new: StoredBackup
        if let version = versions.first {
            new = try await backups.find(version, of: automation.id)
        } else {
            guard let newest = try await backups.newest(of: [automation.id])[automation.id] else {
                throw StoreError(
                    .notFound,
                    """
                    There are no versions of “\(automation.name)” yet. A running bridge stores the first when it has read the \
                    configuration; `ha-bridge automation backup` does so now.
                    """)
            }
            new = newest
        }
        return (new.version > 1 ? try? await backups.find(new.version - 1, of: automation.id) : nil, new)
    }

    /// The lines for a person: removed ones red, added ones green.
    static func lines(_ difference: LineDifference, old: String, new: String, hasColour: Bool) -> [String] {
        func coloured(_ text: String, _ code: String) -> String {
            let text = PrintableText.of(text)
            return hasColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        return [coloured("--- \(old)", "1"), coloured("+++ \(new)", "1")]
            + difference.lines.map { line in
                switch line {
                case .same(let text): "  " + PrintableText.of(text)
                case .removed(let text): coloured("- \(text)", "31")
                case .added(let text): coloured("+ \(text)", "32")
                case .skipped(let count): coloured("@@ \(count) \(count == 1 ? "line" : "lines") @@", "36")
                }
            }
    }

    private static func jsonValue(
        _ automation: StoredAutomation, _ old: StoredBackup?, _ new: StoredBackup, _ difference: LineDifference
    ) -> JSONValue {
        var removed: [JSONValue] = []
        var added: [JSONValue] = []
        for line in difference.lines {
            switch line {
            case .removed(let text): removed.append(.string(text))
            case .added(let text): added.append(.string(text))
            case .same, .skipped: break
            }
        }
        return .object([
            "automation_id": .string(automation.id.description),
            "name": .string(automation.name),
            "from_version": old.map { .integer(Int64($0.version)) } ?? .null,
            "to_version": .integer(Int64(new.version)),
            "changed": .bool(!difference.isEmpty),
            "removed": .array(removed),
            "added": .array(added),
        ])
    }
}
