import Foundation
import TestSupport
import Testing

/// Where a token may go: what the built program refuses, and that the other side saw no byte of the token.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct NetworkPolicyTests {
    /// Waits until the one audit row of a failure says this.
    private static func expect(_ sentence: String, of name: String, _ rig: ProcessRig) async throws {
        let isSaid = try await rig.eventually {
            try await rig.messages("error", name).contains { $0.contains(sentence) }
        }
        let messages = try await rig.messages("error", name)
        #expect(isSaid, "\(name): \(messages)")
    }

    @Test func aConnectionDemandsItsOwnAuthorityAndKey() async throws {
        let certificates = try TestCertificates()
        let home = try ProcessRig.fake(certificate: certificates.server(.valid))
        let selfSigned = try ProcessRig.fake(certificate: certificates.server(.selfSigned))
        defer {
            home.stop()
            selfSigned.stop()
        }
        try await ProcessRig.with { rig in
            let token = try rig.tokenFile(ProcessRig.token)
            func add(_ name: String, _ url: String, _ more: String...) async throws -> CommandRunner.Outcome {
                var line = "\"$HA\" connection add \(name) --url \(url) --token-file \(token)"
                for word in more { line += " '\(word)'" }
                return try await rig.bridge.shell(line)
            }
            let pin = try certificates.pin(.valid)
            let wrongPin = try certificates.pin(.expired)
            // Unknown to the system, wrong key, wrong authority: nothing is stored, nothing is sent.
            let unknown = try await add("home", home.url)
            #expect(
                unknown.status == 69 && unknown.errors.contains("connection set-tls --ca-file"), "\(unknown.errors)")
            let wrong = try await add("home", home.url, "--ca-file", certificates.authorityFile, "--pin", wrongPin)
            #expect(wrong.status == 69 && wrong.errors.contains("another public key than the one that is pinned"))
            let other = try await add(
                "home", home.url, "--ca-file", certificates.server(.selfSigned).certificateFile)
            #expect(other.status == 69 && other.errors.contains("authority that is stored for this connection"))
            #expect(home.snapshot.connections.allSatisfy { $0.byteCount == 0 } && home.snapshot.authAttempts == 0)
            let plain = try await add("home", "http://127.0.0.1:1", "--pin", pin)
            #expect(plain.status == 64 && plain.errors.contains("without TLS"))
            for bad in ["--pin x", "--ca-file /nonexistent", "--ca-file \(token)"] {
                let words = bad.split(separator: " ").map(String.init)
                #expect(try await add("home", home.url, words[0], words[1]).status == 64)
            }

            let added = try await add(
                "home", home.url, "--ca-file", certificates.authorityFile, "--pin", "sha256//" + pin)
            #expect(added.status == 0, "\(added.errors)")
            let own = try await add(
                "own", selfSigned.url, "--ca-file", certificates.server(.selfSigned).certificateFile)
            #expect(own.status == 0, "\(own.errors)")
            let listed = try await rig.bridge("connection", "list", "--json").objects.first {
                $0["name"] as? String == "home"
            }
            #expect(listed?["pinned_key"] as? String == pin && listed?["own_authority"] as? Bool == true)

            let process = try rig.start()
            #expect(await home.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            #expect(await selfSigned.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            #expect(process.lines(with: "Connected without TLS").isEmpty)
            let connects = "SELECT count(*) FROM home_assistant_audit_log WHERE action = 'connect' AND details->'tls' ="
            #expect(try await rig.eventually { try await rig.count("\(connects) 'true'") == 2 })

            // Another key is pinned while the bridge runs: it leaves, and comes no further than TLS.
            let before = home.snapshot.connections.count
            let refused = try await rig.bridge("connection", "set-tls", "home", "--pin", wrongPin)
            #expect(refused.status == 69)
            let set = try await rig.bridge("connection", "set-tls", "home", "--pin", wrongPin, "--no-test")
            #expect(set.status == 0, "\(set.errors)")
            try await Self.expect("another public key than the one that is pinned", of: "home", rig)
            #expect(home.snapshot.connections.dropFirst(before).allSatisfy { $0.byteCount == 0 })
            #expect(home.snapshot.subscriptionCount == 0)
            #expect(try await rig.eventually { try await rig.status() == "error" })
            let kinds = """
                SELECT count(*) FROM home_assistant_audit_log
                WHERE action = 'error' AND details->>'kind' = 'pinned_key'
                """
            #expect(try await rig.count(kinds) == 1)

            // The demand is taken out of the database: the token does not open any more.
            try await rig.session.execute(
                "UPDATE home_assistant_connections SET tls_public_key = NULL WHERE name = 'home'")
            try await Self.expect("belongs to another connection, user or URL", of: "home", rig)
            #expect(home.snapshot.connections.dropFirst(before).allSatisfy { $0.byteCount == 0 })
            try await rig.session.execute(
                "UPDATE home_assistant_connections SET tls_public_key = '\(wrongPin)' WHERE name = 'home'")
            let right = try await rig.bridge("connection", "set-tls", "home", "--no-pin")
            #expect(right.status == 0, "\(right.errors)")
            #expect(await home.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            #expect(
                try await rig.count("SELECT count(*) FROM home_assistant_audit_log WHERE action = 'tls_change'") == 2)
            let down = try await rig.bridge(
                "connection", "set-url", "home", "--url", "http://localhost:\(home.port)", "--token-file", token,
                "--no-test")
            #expect(down.status == 64 && down.errors.contains("set-tls"), "\(down.errors)")
        }
    }

    @Test func refusesAddressesThatNoHomeAssistantHas() async throws {
        let inside = try ProcessRig.fake()
        let outside = try FakeHomeAssistant(
            {
                var behaviour = FakeBehaviour()
                behaviour.validTokens = [ProcessRig.token]
                return behaviour
            }(), address: "127.0.0.2")
        defer {
            inside.stop()
            outside.stop()
        }
        try await ProcessRig.with { rig in
            let database = try #require(URLComponents(string: rig.database.url))
            let named = database.queryItems?.first { $0.name == "port" }?.value.flatMap { Int($0) }
            let databasePort = named ?? database.port ?? 5432
            let cases: [(name: String, url: String, sentence: String)] = [
                ("metadata", "http://169.254.169.254", "is a link-local address"),
                ("secure-metadata", "https://169.254.169.254", "is a link-local address"),
                ("mapped", "http://[::ffff:169.254.169.254]:8124", "is a link-local address"),
                ("translated", "http://[64:ff9b::a9fe:a9fe]", "is a link-local address"),
                ("unspecified", "http://0.1.2.3:8123", "is the unspecified address"),
                ("public", "http://192.0.2.7:8123", "take https://"),
                ("public-name", "http://[2001:db8::1]:8123", "take https://"),
                ("database", "http://127.0.0.1:\(databasePort)", "where the database listens"),
                ("outside", outside.url, "is in none of the networks of HA_BRIDGE_ALLOWED_NETWORKS"),
            ]
            try await rig.addConnection("inside", url: inside.url)
            for entry in cases { try await rig.addConnection(entry.name, url: entry.url) }
            rig.bridge.environment["HA_BRIDGE_ALLOWED_NETWORKS"] =
                "127.0.0.1/32, 192.0.2.0/24, 2001:db8::/32, 169.254.0.0/16"
            let tested = try await rig.bridge("connection", "test", "outside")
            #expect(tested.status == 69 && tested.errors.contains("HA_BRIDGE_ALLOWED_NETWORKS"), "\(tested.errors)")
            let process = try rig.start()
            #expect(await inside.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            for entry in cases { try await Self.expect(entry.sentence, of: entry.name, rig) }
            #expect(outside.snapshot.connections.isEmpty)
            // Plain http is told of once, and is in the audit row.
            #expect(process.lines(with: "Connected without TLS").count == 1)
            inside.resetAll()
            #expect(await inside.wait(.seconds(20)) { $0.connections.count == 2 && $0.subscriptionCount == 1 })
            let connects = "SELECT count(*) FROM home_assistant_audit_log WHERE action = 'connect' AND details->'tls' ="
            #expect(try await rig.eventually { try await rig.count("\(connects) 'false'") == 2 })
            #expect(process.lines(with: "Connected without TLS").count == 1)
        }
    }

    /// The forms of a host that libwebsockets checks against a certificate wrongly, or not at all, a redirect, and a proxy of the
    /// environment.
    @Test func theTokenGoesNowhereElse() async throws {
        let certificates = try TestCertificates()
        let wrongName = try ProcessRig.fake(certificate: certificates.server(.wrongName))
        let secure = try ProcessRig.fake(certificate: certificates.server(.valid))
        let proxy = try ProcessRig.fake()
        let destination = try ProcessRig.fake()
        let redirecting = try ProcessRig.fake { $0.httpAnswer = .redirect(to: "\(destination.url)/api/websocket") }
        let fakes = [wrongName, secure, proxy, destination, redirecting]
        defer { for fake in fakes { fake.stop() } }
        try await ProcessRig.with { rig in
            let token = try rig.tokenFile(ProcessRig.token)
            // Never stored at all: with TLS, an IPv6 address, a name of more than 127 bytes, no name, a user.
            let long = String(repeating: "a.", count: 64) + "localhost"
            for url in [
                "https://[::1]:\(wrongName.port)", "https://\(long):\(wrongName.port)", "https://:\(wrongName.port)",
                "https://localhost@127.0.0.1:\(wrongName.port)", "ftp://localhost:\(wrongName.port)",
            ] {
                let outcome = try await rig.bridge("connection", "add", "x", "--url", url, "--token-file", token)
                #expect(outcome.status == 64, "\(url): \(outcome.errors)")
            }
            rig.bridge.environment["SSL_CERT_FILE"] = certificates.authorityFile
            for name in [
                "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "wss_proxy",
            ] {
                rig.bridge.environment[name] = "http://127.0.0.1:\(proxy.port)"
            }
            try await rig.addConnection("other-name", url: "https://localhost:\(wrongName.port)")
            try await rig.addConnection("by-address", url: "https://127.0.0.1:\(wrongName.port)")
            try await rig.addConnection("redirecting", url: redirecting.url)
            try await rig.addConnection("secure", url: secure.url)
            _ = try rig.start()
            #expect(await secure.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            try await Self.expect("was not issued for localhost", of: "other-name", rig)
            try await Self.expect("was not issued for 127.0.0.1", of: "by-address", rig)
            try await Self.expect("Redirects are not followed", of: "redirecting", rig)
            let tested = try await rig.bridge("connection", "test", "redirecting")
            #expect(tested.status == 69)
            #expect(!wrongName.snapshot.connections.isEmpty)
            #expect(wrongName.snapshot.connections.allSatisfy { $0.byteCount == 0 })
            #expect(redirecting.snapshot.authAttempts == 0 && !redirecting.snapshot.saw(ProcessRig.token))
            #expect(destination.snapshot.connections.isEmpty && proxy.snapshot.connections.isEmpty)
        }
    }
}
