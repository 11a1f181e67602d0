import Automation
import BridgeCore
import HummingbirdCore
import PostgresClient
import Store

/// The versions of an automation's configuration, and what changed between two of them.
enum VersionEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        // Readers may not look at what is sealed, and the row holds it: the automation is found as theirs first.
        let backups = BackupRepository(services.system)
        endpoints.add(.get, "automations/:id/versions", scope: .read) { call in
            let query = try call.query("limit", "cursor")
            let limit = try query.limit()
            let before = try query.lastNumber()
            let automation = try await AutomationEndpoints.find(call)
            let versions = try await backups.list(of: automation.id, before: before, limit: limit + 1)
            return try .json(
                Page(versions, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: String($0.version)) })
                    .jsonValue)
        }
        endpoints.add(.get, "automations/:id/versions/:version/diff", scope: .read) { call in
            let query = try call.query("against")
            let version = try number(call.text("version"), "version")
            let against = try query.text("against")
            let other = try against.flatMap { $0 == "current" ? nil : try number($0, "against") }
            let automation = try await AutomationEndpoints.find(call)
            let pair: Pair
            if against == "current" {
                pair = Pair(
                    try await backups.find(version, of: automation.id),
                    try await backups.list(of: automation.id, limit: 1).first)
            } else if let other {
                pair = Pair(
                    try await backups.find(version, of: automation.id), try await backups.find(other, of: automation.id)
                )
            } else {
                let new = try await backups.find(version, of: automation.id)
                pair = Pair(new, try await backups.list(of: automation.id, before: version, limit: 1).first)
            }
            return try .json(document(of: automation, pair))
        }
    }

    /// Two versions, the older one first.
    private struct Pair {
        /// `nil` where nothing was there before.
        let old: StoredBackup?
        let new: StoredBackup

        init(_ one: StoredBackup, _ other: StoredBackup?) {
            guard let other else {
                old = nil
                new = one
                return
            }
            (old, new) = one.version <= other.version ? (one, other) : (other, one)
        }
    }

    private static func number(_ text: String, _ name: String) throws(Problem) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.first != "0", text.utf8.count < 10,
            let number = Int(text)
        else {
            throw .invalid("\(name) is no version: a number from 1\(name == "against" ? ", or current" : "").")
        }
        return number
    }

    private static func document(of automation: StoredAutomation, _ pair: Pair) -> JSONValue {
        let difference = LineDifference(from: pair.old?.lines ?? [], to: pair.new.lines, context: LineDifference.whole)
        let kind = pair.old == nil ? "first" : difference.isEmpty ? "same" : "changed"
        return .object([
            "automation_id": .string(automation.id.description), "name": .string(automation.name),
            "from_version": pair.old.map { .integer(Int64($0.version)) } ?? .null,
            "from_created_at": .time(pair.old?.createdAt),
            "to_version": .integer(Int64(pair.new.version)), "to_created_at": .time(pair.new.createdAt),
            "kind": .string(kind), "lines": difference.linesDocument,
        ])
    }
}

extension LineDifference {
    /// So many lines around a change that none is left out.
    static let whole = 1_000_000

    /// The lines, each with what became of it.
    var linesDocument: JSONValue {
        .array(
            lines.compactMap { line in
                switch line {
                case .same(let text): Self.document("same", text)
                case .removed(let text): Self.document("removed", text)
                case .added(let text): Self.document("added", text)
                // None, as whole texts are compared.
                case .skipped: nil
                }
            })
    }

    private static func document(_ kind: String, _ text: String) -> JSONValue {
        .object(["kind": .string(kind), "text": .string(text)])
    }
}
