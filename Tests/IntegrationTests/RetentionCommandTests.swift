import Foundation
import TestSupport
import Testing

/// Rules of retention by the built program.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct RetentionCommandTests {
    /// What was written down, oldest first: action, house, person, what the rule keeps.
    private static let written = """
        SELECT string_agg(concat_ws(' ', log.action, coalesce(connection.name, '-'), users.username,
            coalesce(log.details #>> '{rule,keep_days}', 'for ever'), log.details #>> '{rule,domain}'), '; '
            ORDER BY log.created_at, log.id)
        FROM home_assistant_audit_log AS log
        JOIN users ON users.id = log.user_id
        LEFT JOIN home_assistant_connections AS connection ON connection.id = log.connection_id
        WHERE log.action LIKE 'retention%' AND log.success AND log.details ->> 'by' = 'command'
        """

    @Test func rulesAreAddedAndRemovedAndBothIsWrittenDown() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            let added = try await bridge(
                "retention", "rule", "add", "--domain", "lock", "--for-ever", "--json")
            let id = try #require((added.json as? [String: Any])?["id"] as? String)
            #expect(
                try await bridge(
                    "retention", "rule", "add", "--domain", "sensor", "--keep-days", "30", "--connection", "home"
                ).status == 0)
            #expect(try await bridge("retention", "rule", "list", "--json").objects.count == 2)
            #expect(try await bridge("retention", "rule", "remove", String(id.prefix(8)), "--yes").status == 0)
            #expect(try await bridge("retention", "rule", "list", "--json").objects.count == 1)
            let all =
                "retention_rule_add - anna for ever lock; retention_rule_add home anna 30 sensor; retention_rule_remove - anna for ever lock"
            #expect(try await CommandHouse.text(session, Self.written) == all)
            let rule = try await CommandHouse.text(
                session,
                "SELECT details #>> '{rule,id}' FROM home_assistant_audit_log WHERE action = 'retention_rule_remove'")
            #expect(rule == id)

            // What was not done is not written down.
            #expect(try await bridge("retention", "rule", "remove", String(id.prefix(8)), "--yes").status == 64)
            #expect(try await bridge("retention", "rule", "add", "--domain", "No Domain", "--for-ever").status == 64)
            #expect(try await CommandHouse.text(session, Self.written) == all)
            // The rows are signed as all others are.
            #expect(try await bridge("audit", "verify").status == 0)
        }
    }
}
