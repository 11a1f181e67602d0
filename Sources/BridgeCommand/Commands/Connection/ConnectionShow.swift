import BridgeCore
import ArgumentParser
import Store

/// `connection show`.
struct ConnectionShow: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show all about one connection, with its latest audit rows.")

    @OptionGroup var target: ConnectionTarget
    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let connection: StoredConnection
        let audit: [AuditEntry]
        (connection, audit) = try await context.withPool(try context.settings()) { pool in
            let connection = try await target.find(in: pool)
            return (connection, try await AuditLogRepository(pool).recent(connection: connection.id, limit: 10))
        }
        if output.json {
            let members = connection.jsonMembers.merging(["audit": .array(audit.map(\.jsonValue))]) { own, _ in own }
            return try context.console.show(.object(members))
        }
        try context.console.show(facts: Self.facts(connection))
        guard !audit.isEmpty else { return }
        try context.console.print("")
        let columns: [TextTable.Column] = [
            .init("TIME"), .init("ACTION"), .init("RESULT"), .init("TOOK", .right), .init("MESSAGE", isFlexible: true),
        ]
        let rows = audit.map { entry in
            [
                TimeText.table(entry.createdAt), entry.action.rawValue, entry.success ? "ok" : "failed",
                entry.durationMS.map { TimeText.short(.milliseconds($0)) } ?? "-", entry.errorMessage ?? "",
            ]
        }
        try context.console.show([], table: TextTable(columns, rows: rows), empty: "", as: output)
    }

    static func facts(_ connection: StoredConnection) -> [(String, String)] {
        [
            ("Name", connection.name),
            ("Id", connection.id.description),
            ("User", connection.username),
            ("URL", connection.url),
            ("Authority", connection.trust.authority == nil ? "the system's" : "its own"),
            ("Pinned key", connection.trust.publicKey ?? "-"),
            ("Status", connection.status.rawValue),
            ("Home Assistant", connection.homeAssistantVersion ?? "-"),
            ("Location", connection.locationName ?? "-"),
            ("Time zone", connection.timeZone ?? "-"),
            ("Administrator", connection.isAdmin.map { $0 ? "yes" : "no" } ?? "-"),
            ("Features", connection.supportedFeatures.isEmpty ? "-" : "\(connection.supportedFeatures.count)"),
            ("Paused", TimeText.table(connection.pausedAt)),
            ("Added", TimeText.table(connection.createdAt)),
            ("Last connected", TimeText.table(connection.lastConnectedAt)),
            ("Last seen", TimeText.table(connection.lastSeenAt)),
            ("Health", connection.health ?? "-"),
        ]
    }
}

extension AuditEntry {
    fileprivate var jsonValue: JSONValue {
        .object([
            "action": .string(action.rawValue),
            "success": .bool(success),
            "error_message": .optional(errorMessage),
            "duration_ms": durationMS.map { .integer(Int64($0)) } ?? .null,
            "ip_address": .optional(ipAddress),
            "user_agent": .string(userAgent),
            "details": .parsed(details),
            "created_at": .time(createdAt),
        ])
    }
}
