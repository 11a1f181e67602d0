import Foundation
import TestSupport
import Testing

/// What a person sees of connections that fail, and does to them, while `ha-bridge run` runs.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct ProcessConnectionTests {
    @Test func triesAWrongTokenOnceAndTakesANewOne() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url, token: ProcessRig.wrongToken)
            let process = try rig.start()
            #expect(try await rig.eventually { try await rig.status() == "auth_failed" })
            try await Task.sleep(for: .seconds(3))
            #expect(fake.snapshot.authAttempts == 1)
            #expect(process.lines(with: "Home Assistant refuses the token.").count == 1, "\(process.log)")
            let sentence = "Home Assistant refuses the token. Give a new one: ha-bridge connection set-token"
            #expect(try await rig.messages("auth_failure") == [sentence])
            #expect(try await rig.shown().contains(sentence))
            #expect(rig.page("/livez").status == 200)
            #expect((rig.page("/healthz").json as? [String: Any])?["status"] as? String == "degraded")
            let given = try await rig.bridge(
                "connection", "set-token", "home", "--token-file", try rig.tokenFile(ProcessRig.token))
            #expect(given.status == 0, "\(given.errors)")
            #expect(try await rig.eventually(within: .seconds(5)) { try await rig.status() == "connected" })
            #expect(fake.snapshot.subscriptionCount == 1)
            ProcessRig.push(0..<10, to: fake)
            #expect(try await rig.eventually { try await rig.ticks == 10 })
            #expect(try await rig.messages("token_change").count == 1)
        }
    }

    @Test func followsWhatAPersonDoesToAConnection() async throws {
        let fake = try ProcessRig.fake()
        let other = try ProcessRig.fake()
        defer {
            fake.stop()
            other.stop()
        }
        try await ProcessRig.with { rig in
            let process = try rig.start()
            #expect(try await rig.eventually { rig.page("/readyz").status == 200 })
            try await rig.addConnection(url: fake.url)
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await rig.status() == "connected" })

            try #require(try await rig.bridge("connection", "pause", "home").status == 0)
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 0 })
            try await Task.sleep(for: .seconds(1))
            #expect(try await rig.status() == "paused")
            #expect(fake.snapshot.connections.count == 1)

            try #require(try await rig.bridge("connection", "resume", "home").status == 0)
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await rig.status() == "connected" })

            let moved = try await rig.bridge(
                "connection", "set-url", "home", "--url", other.url, "--token-file",
                try rig.tokenFile(ProcessRig.token))
            #expect(moved.status == 0, "\(moved.errors)")
            #expect(await other.wait(.seconds(5)) { $0.subscriptionCount == 1 })
            #expect(fake.snapshot.subscriptionCount == 0)
            ProcessRig.push(0..<10, to: other)
            #expect(try await rig.eventually { try await rig.ticks == 10 })

            let removed = try await rig.bridge("connection", "remove", "home", "--yes")
            #expect(removed.status == 0, "\(removed.errors)")
            #expect(await other.wait(.seconds(5)) { $0.subscriptionCount == 0 })
            #expect(try await rig.bridge("connection", "list", "--json").output == "[]\n")
            try await Task.sleep(for: .seconds(2))
            #expect(try await rig.ticks == 0)
            #expect(process.isRunning && rig.page("/readyz").status == 200)
            #expect((rig.page("/healthz").json as? [String: Any])?["status"] as? String == "ok")
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            #expect(process.lines(with: " ERROR ").isEmpty, "\(process.log)")
        }
    }

    @Test func saysWhatIsWrongWithEachConnectionAndKeepsTheOthers() async throws {
        let certificates = try TestCertificates()
        let good = try ProcessRig.fake()
        let secure = try ProcessRig.fake(certificate: certificates.server(.valid))
        let expired = try ProcessRig.fake(certificate: certificates.server(.expired))
        let wrongName = try ProcessRig.fake(certificate: certificates.server(.wrongName))
        let selfSigned = try ProcessRig.fake(certificate: certificates.server(.selfSigned))
        let banned = try ProcessRig.fake { $0.httpAnswer = .init(status: 403, body: "403: Forbidden") }
        let destination = try ProcessRig.fake()
        let redirecting = try ProcessRig.fake {
            $0.httpAnswer = .redirect(to: "\(destination.url)/api/websocket")
        }
        let stranger = try ProcessRig.fake { $0.greeting = "220 mail.example ESMTP" }
        let mute = try ProcessRig.fake { $0.greeting = #"{"type":"welcome"}"# }
        let (closed, closedPort) = try ProcessRelay.bound(0)
        let fakes = [good, secure, expired, wrongName, selfSigned, banned, destination, redirecting, stranger, mute]
        defer {
            for fake in fakes { fake.stop() }
            close(closed)
        }
        let cases: [(name: String, url: String, sentence: String)] = [
            ("refused", "http://127.0.0.1:\(closedPort)", "(connection refused). Check that Home Assistant runs"),
            ("nowhere", "http://x.invalid:8123", "The name x.invalid does not exist or has no address"),
            ("expired", expired.url, "has expired. Renew it."),
            ("other-name", wrongName.url, "was not issued for localhost"),
            ("self-signed", selfSigned.url, "is self-signed or from an authority that this machine does not trust"),
            ("banned", banned.url, "Home Assistant has banned this machine's address"),
            ("redirecting", redirecting.url, "Redirects are not followed: store the URL that it leads to."),
            ("stranger", stranger.url, "The server does not speak Home Assistant's protocol."),
            ("mute", mute.url, "Home Assistant sent no greeting."),
        ]
        try await ProcessRig.with { rig in
            rig.bridge.environment["SSL_CERT_FILE"] = certificates.authorityFile
            try await rig.addConnection("good", url: good.url)
            try await rig.addConnection("secure", url: secure.url)
            for entry in cases { try await rig.addConnection(entry.name, url: entry.url) }
            let process = try rig.start()
            #expect(await good.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            #expect(await secure.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            for entry in cases {
                let isSaid = try await rig.eventually {
                    try await rig.messages("error", entry.name).contains { $0.contains(entry.sentence) }
                }
                let messages = try await rig.messages("error", entry.name)
                #expect(isSaid, "\(entry.name): \(messages)")
            }
            // Several tries each.
            try await Task.sleep(for: .seconds(6))
            ProcessRig.push(0..<10, to: good)
            ProcessRig.push(10..<20, to: secure)
            #expect(try await rig.eventually { try await rig.ticks == 20 })
            for entry in cases {
                #expect(try await rig.messages("error", entry.name).count == 1, "\(entry.name)")
                let lines = process.lines(with: entry.name).filter { $0.contains(entry.sentence) }
                #expect(lines.count == 1, "\(entry.name): \(lines)")
                let shown = try await rig.shown(entry.name)
                #expect(shown.contains(entry.sentence), "\(shown)")
                let expected = ["expired", "other-name", "self-signed"].contains(entry.name) ? "error" : "disconnected"
                #expect(try await rig.status(entry.name) == expected)
            }
            for fake in [expired, wrongName, selfSigned] {
                #expect(fake.snapshot.connections.count >= 2)
                #expect(fake.snapshot.connections.allSatisfy { $0.byteCount == 0 })
            }
            for fake in [banned, redirecting, stranger, mute] {
                #expect(fake.snapshot.connections.count >= (fake === mute ? 1 : 2))
                #expect(fake.snapshot.authAttempts == 0 && !fake.snapshot.saw(ProcessRig.token))
            }
            #expect(destination.snapshot.connections.isEmpty)
            #expect(good.snapshot.connections.count == 1 && secure.snapshot.connections.count == 1)
            #expect(rig.page("/livez").status == 200 && rig.page("/readyz").status == 200)
            #expect((rig.page("/healthz").json as? [String: Any])?["status"] as? String == "degraded")
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }
}
