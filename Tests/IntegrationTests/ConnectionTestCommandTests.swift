import Foundation
import TestSupport
import Testing

/// `connection add` and `connection test` with a real Home Assistant.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil))
struct ConnectionTestCommandTests {
    @Test func testsBeforeItStoresAndWritesDownEachTest() async throws {
        let (url, tokenFile) = try #require(TestHomeAssistant.given)
        let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
        try await TestDatabase.withSchema { database in
            let bridge = try CommandRunner(databaseURL: database.url)
            #expect(try await bridge("key", "new").status == 0)
            #expect(try await bridge("user", "add", "anna", "--email", "anna@example.org").status == 0)

            let wrong = try bridge.file("wrong", "not-a-token-of-this-house")
            let refused = try await bridge("connection", "add", "home", "--url", url, "--token-file", wrong)
            #expect(refused.status == 77)
            let absent = try await bridge(
                "connection", "add", "home", "--url", "http://127.0.0.1:9", "--token-file", tokenFile)
            #expect(absent.status == 69)
            #expect(try await bridge("connection", "list", "--json").output == "[]\n")

            let added = try await bridge("connection", "add", "home", "--url", url, "--token-file", tokenFile, "--json")
            #expect(added.status == 0)
            let connection = added.json as? [String: Any]
            #expect(connection?["home_assistant_version"] as? String != nil)
            #expect(connection?["is_admin"] as? Bool != nil)
            let tested = try await bridge("connection", "test", "home", "--json")
            #expect(tested.status == 0 && (tested.json as? [String: Any])?["success"] as? Bool == true)
            #expect(try await bridge("connection", "set-token", "home", "--token-file", wrong).status == 77)
            #expect(try await bridge("connection", "test", "home").status == 0)

            let session = try await database.connect()
            let sql = """
                SELECT count(*) FILTER (WHERE success), count(*) FILTER (WHERE NOT success AND error_message IS NOT NULL),
                    count(*) FILTER (WHERE duration_ms IS NULL)
                FROM home_assistant_audit_log WHERE action = 'test'
                """
            let row = try #require(try await session.query(sql).first)
            #expect(try (0..<3).map { try row[$0].int } == [3, 3, 0])
            let clear = "SELECT count(*) FROM home_assistant_audit_log AS r WHERE strpos(r::text, $1) > 0"
            #expect(try await session.query(clear, [.text(token)]).first?[0].int == 0)
            await session.close()
            #expect(!bridge.transcript.contains(token) && !bridge.transcript.contains("not-a-token-of-this-house"))
        }
    }
}

/// The Home Assistant that the tests were given.
enum TestHomeAssistant {
    /// The URL of a Home Assistant and the file that holds a token for it.
    static var given: (url: String, tokenFile: String)? {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["HA_BRIDGE_TEST_HA_URL"], let file = environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"]
        else { return nil }
        return (url, file)
    }
}
