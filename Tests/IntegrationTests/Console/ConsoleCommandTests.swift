import Foundation
import TestSupport
import Testing

/// The commands that open and close the console of the built program to people and scripts, and the console over TLS.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct ConsoleCommandTests {
    /// What the API answers to whoever has `token`.
    private static func ask(_ rig: ProcessRig, _ path: String, _ token: String, _ method: String = "GET")
        -> ProcessExchange
    {
        ProcessExchange.ask(
            method, port: rig.httpPort, path: "/api/v1/\(path)",
            headers: ["Authorization: Bearer \(token)", "Content-Type: application/json"],
            body: method == "GET" ? "" : "{}")
    }

    private static func token(_ rig: ProcessRig, _ arguments: String...) async throws -> String {
        let made = try await rig.bridge(["token", "add"] + arguments)
        try #require(made.status == 0, "\(made.errors)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func houses(_ answer: ProcessExchange) -> [String] {
        ((answer.json as? [String: Any])?["connections"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test func aTokenOpensWhatItWasMadeForUntilItIsRevoked() async throws {
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: "http://127.0.0.1:9")
            _ = try rig.start()
            #expect(try await rig.eventually { rig.page("/api/v1/openapi.json").status == 200 })
            let reading = try await Self.token(rig, "reader", "--user", "anna")
            #expect(Self.houses(Self.ask(rig, "overview", reading)) == ["home"])
            #expect(Self.ask(rig, "emergency", reading, "POST").status == 403)
            #expect(Self.ask(rig, "overview", reading + "x").status == 401)
            let stored = try await rig.count("SELECT count(*) FROM api_token")
            #expect(stored == 1)
            let listed = try await rig.bridge("token", "list", "--json").objects
            #expect(listed.map { $0["name"] as? String } == ["reader"])
            let id = try #require(listed.first?["id"] as? String)
            #expect(try await rig.bridge("token", "revoke", String(id.prefix(8))).status == 0)
            #expect(Self.ask(rig, "overview", reading).status == 401)
            #expect(try await rig.bridge("token", "list", "--json").objects.isEmpty)
            #expect(try await rig.bridge("token", "revoke", String(id.prefix(8))).status != 0)
            // No token does more than its user, and none is for ever.
            for wrong in [
                ["--user", "nobody"], ["--user", "anna", "--days", "0"], ["--user", "anna", "--days", "367"],
                ["--user", "anna", "--scope", "account"], ["--user", "anna", "--scope", "everything"],
            ] {
                let refused = try await rig.bridge(["token", "add", "wrong"] + wrong)
                #expect(refused.status != 0 && !refused.errors.isEmpty, "\(wrong)")
                #expect(refused.output.isEmpty, "\(wrong)")
            }
            try #require(
                try await rig.bridge("user", "add", "carl", "--email", "c@example.org", "--role", "observer").status
                    == 0)
            let refused = try await rig.bridge("token", "add", "wrong", "--user", "carl", "--scope", "govern")
            #expect(refused.status == 64 && refused.errors.contains("observer"))
            let audit = try await rig.value(
                "SELECT string_agg(action, ' ' ORDER BY created_at) FROM home_assistant_audit_log WHERE action LIKE 'token%'"
            )
            #expect(audit == "token_add token_end")
        }
    }

    @Test func aHouseIsSharedAndTakenBack() async throws {
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: "http://127.0.0.1:9")
            try #require(
                try await rig.bridge("user", "add", "carl", "--email", "c@example.org", "--role", "observer").status
                    == 0)
            _ = try rig.start()
            #expect(try await rig.eventually { rig.page("/api/v1/openapi.json").status == 200 })
            let token = try await Self.token(rig, "reader", "--user", "carl")
            #expect(Self.houses(Self.ask(rig, "overview", token)).isEmpty)
            for _ in 0..<2 {
                #expect(try await rig.bridge("connection", "share", "home", "--user", "carl").status == 0)
                #expect(Self.houses(Self.ask(rig, "overview", token)) == ["home"])
            }
            let own = try await rig.bridge("connection", "share", "home", "--user", "anna")
            #expect(own.status == 64 && own.errors.contains("belongs to"))
            for _ in 0..<2 {
                #expect(try await rig.bridge("connection", "unshare", "home", "--user", "carl").status == 0)
                #expect(Self.houses(Self.ask(rig, "overview", token)).isEmpty)
            }
            #expect(try await rig.bridge("connection", "share", "nowhere", "--user", "carl").status != 0)
            let audit = try await rig.value(
                """
                SELECT string_agg(action, ' ' ORDER BY created_at) FROM home_assistant_audit_log
                WHERE action LIKE 'connection_%share'
                """)
            #expect(audit == "connection_share connection_unshare")
        }
    }

    @Test func theConsoleIsServedOverTLS() async throws {
        let certificates = try TestCertificates()
        let files = certificates.server(.valid)
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_HTTP_CERTIFICATE"] = files.certificateFile
            rig.bridge.environment["HA_BRIDGE_HTTP_PRIVATE_KEY"] = files.keyFile
            let process = try rig.start()
            let client =
                "openssl s_client -quiet -verify_return_error -CAfile \(certificates.authorityFile) "
                + "-connect 127.0.0.1:\(rig.httpPort) -verify_ip 127.0.0.1"
            func get(_ path: String, _ options: String = "") async throws -> CommandRunner.Outcome {
                try await rig.bridge.shell(
                    "printf 'GET \(path) HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' "
                        + "| timeout 20 \(client) \(options)")
            }
            let isUp = try await rig.eventually {
                try await get("/api/v1/openapi.json").output.hasPrefix("HTTP/1.1 200 OK\r\n")
            }
            #expect(isUp, "\(process.log)")
            #expect(try await get("/readyz").output.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let page = try await get("/").output
            #expect(page.contains("<!doctype html>"))
            #expect(page.lowercased().contains("content-security-policy"))
            // What is older is not spoken, and nothing is answered in the clear.
            #expect(try await get("/readyz", "-tls1_1").output.isEmpty)
            #expect(rig.page("/readyz").status != 200)
            let status = try await rig.bridge("status")
            #expect(status.status == 0 && status.output.contains("ok, at 127.0.0.1:\(rig.httpPort)"))
        }
    }
}
