import Foundation
import TestSupport
import Testing

/// `ha-bridge run` as a service manager sees it: start, pages, signals, exit codes and the sentences on standard error.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct ProcessTests {
    @Test func servesItsPagesAndWritesEverythingBeforeItEnds() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let process = try rig.start()
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await rig.status() == "connected" })
            #expect(rig.page("/livez").status == 200)
            #expect(rig.page("/readyz").status == 200)
            let health = rig.page("/healthz")
            #expect(health.status == 200)
            let picture = health.json as? [String: Any]
            #expect(picture?["status"] as? String == "ok")
            let connections = picture?["connections"] as? [[String: Any]]
            #expect(connections?.map { $0["name"] as? String } == ["home"])
            #expect(connections?.map { $0["state"] as? String } == ["connected"])
            ProcessRig.push(0..<10, to: fake)
            #expect(try await rig.eventually { try await rig.ticks == 10 })
            let metrics = rig.page("/metrics").body
            #expect(metrics.contains("\nha_bridge_") && metrics.contains("# TYPE ha_bridge_"))
            let status = try await rig.bridge("status")
            #expect(status.status == 0 && status.output.contains("ok, at 127.0.0.1:\(rig.httpPort)"))

            ProcessRig.push(10..<3_010, to: fake)
            process.terminate()
            let end = try #require(try await process.ended())
            #expect(end.status == 0 && end.after < .seconds(10))
            #expect(try await rig.ticks == 3_010)
            #expect(process.lines(with: "Stopped. Everything received was written.").count == 1)
            #expect(try await rig.status() == "disconnected")
            #expect(try await rig.messages("connect").count == 1)
            #expect(try await rig.messages("disconnect").count == 1)
            #expect(process.output.isEmpty)
        }
    }

    @Test func endsUnderLoadWithoutAHole() async throws {
        let fake = try ProcessRig.fake { $0.recordsReceived = false }
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let process = try rig.start()
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            let load = Task.detached {
                var number = 0
                while !Task.isCancelled, number < 1_000_000 {
                    ProcessRig.push(number..<(number + 50), to: fake)
                    number += 50
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            #expect(try await rig.eventually { try await rig.ticks > 2_000 })
            process.terminate()
            let end = try #require(try await process.ended())
            load.cancel()
            await load.value
            #expect(end.status == 0 && end.after < .seconds(10))
            #expect(process.lines(with: "Stopped. Everything received was written.").count == 1)
            let holes = """
                SELECT max((attributes->>'n')::int) + 1 - count(*) FROM home_assistant_events WHERE event_type = 'tick'
                """
            #expect(try await rig.count(holes) == 0)
        }
    }

    @Test func refusesASchemaThatIsNotItsOwn() async throws {
        try await ProcessRig.with(hasSchema: false) { rig in
            func refusal(_ words: String...) async throws {
                let process = try rig.start()
                let end = try #require(try await process.ended())
                #expect(end.status == 78)
                for word in words { #expect(process.lines(with: word).count >= 1, "\(process.log)") }
                #expect(process.lines(with: words[0]).count == 1, "Said more than once: \(process.log)")
            }
            try await refusal("ha-bridge migrate up")
            try #require(try await rig.bridge("migrate", "up").status == 0)
            try #require(try await rig.bridge("migrate", "down", "--to", "2").status == 0)
            try await refusal("ha-bridge migrate up", "Migrations 3")
            try #require(try await rig.bridge("migrate", "up").status == 0)
            try await rig.session.execute(
                """
                INSERT INTO schema_migrations (version, description, applied_at, rollback_sql, checksum)
                SELECT 99, 'of the future', now(), rollback_sql, checksum FROM schema_migrations WHERE version = 1
                """)
            try await refusal("newer than this program", "Use a newer release of ha-bridge")
        }
    }

    @Test func refusesAKeyringThatIsMissingOrOpenToOthers() async throws {
        try await ProcessRig.with(hasKeyring: false) { rig in
            let missing = try rig.start()
            #expect(try await missing.ended()?.status == 78)
            #expect(missing.lines(with: "ha-bridge key new").count == 1, "\(missing.log)")
            try #require(try await rig.bridge("key", "new").status == 0)
            let keyring = rig.bridge.directory.appending(path: "a/state/keyring").path
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: keyring)
            let open = try rig.start()
            #expect(try await open.ended()?.status == 77)
            #expect(open.lines(with: "chmod 600").count == 1, "\(open.log)")
        }
    }

    @Test(arguments: ["full disk", "closed pipe"]) func goesOnWithoutAPlaceForItsLog(_ place: String) async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        var ends: [Int32] = [-1, -1]
        if place == "full disk" {
            ends[1] = open("/dev/full", O_WRONLY)
        } else {
            #expect(pipe(&ends) == 0)
            close(ends[0])
        }
        let errors = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_LOG_LEVEL"] = "trace"
            try await rig.addConnection(url: fake.url)
            let process = try rig.start(errors: errors)
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            for round in 0..<10 {
                ProcessRig.push((round * 100)..<(round * 100 + 100), to: fake)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await rig.eventually { try await rig.ticks == 1_000 })
            #expect(rig.page("/readyz").status == 200)
            process.terminate()
            let end = try #require(try await process.ended())
            #expect(end.status == 0)
            #expect(end.after < .seconds(10))
        }
    }

    /// The rig looks for the token and the database's password in everything that was printed.
    @Test func printsNoSecretWhenItLogsEverything() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_LOG_LEVEL"] = "trace"
            try await rig.addConnection(url: fake.url)
            let process = try rig.start()
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            #expect(process.log.contains("Starting."))
        }
    }

    @Test func saysThatItsAddressIsTaken() async throws {
        let (descriptor, port) = try ProcessRelay.bound(0)
        defer { close(descriptor) }
        #expect(listen(descriptor, 1) == 0)
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:\(port)"
            let process = try rig.start()
            let end = try #require(try await process.ended())
            #expect(end.status == 69)
            let lines = process.lines(with: "Cannot listen on 127.0.0.1:\(port)")
            #expect(lines.count == 1, "\(process.log)")
            #expect(lines.first?.contains("HA_BRIDGE_HTTP_ADDRESS") == true)
            #expect(!process.log.contains("should not"), "\(process.log)")
        }
    }

    @Test func refusesAnAddressThatIsNotOfThisMachineAndSaysNothingElse() async throws {
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "203.0.113.5:8099"
            rig.bridge.environment["HA_BRIDGE_HTTP_PLAINTEXT"] = "accept"
            // Several times, because it ends in the middle of whatever its other threads do.
            for _ in 0..<8 {
                let process = try rig.start()
                #expect(try await process.ended()?.status == 78, "\(process.log)")
                #expect(process.lines(with: "Cannot listen on 203.0.113.5:8099: this machine does not have").count == 1)
                #expect(process.log.split(separator: "\n").count <= 2, "\(process.log)")
            }
        }
    }

    @Test func endsWellAtAnyMomentOfItsStart() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            for milliseconds in stride(from: 0, to: 120, by: 10) {
                let process = try rig.start()
                #expect(try await rig.eventually { !process.lines(with: "Listening for HTTP.").isEmpty })
                try await Task.sleep(for: .milliseconds(milliseconds))
                process.terminate()
                let end = try #require(try await process.ended())
                #expect(end.status == 0 && end.after < .seconds(10), "\(process.log)")
                // The gap between two lives is told, since the house has no history of it.
                let warnings = process.lines(with: " WARNING ").filter { !$0.contains("Closed a gap") }
                #expect(process.lines(with: " ERROR ").isEmpty && warnings.isEmpty, "\(process.log)")
            }
        }
    }

    @Test func showsItsSettingsWithoutSecretsAndRefusesUnknownOnes() async throws {
        let bridge = try CommandRunner(databaseURL: "postgresql://anna:pass-word-canary@db.example/house")
        bridge.environment["HA_BRIDGE_LOG_LEVEL"] = "debug"
        let shown = try await bridge("run", "--check-config")
        #expect(shown.status == 0 && shown.errors.isEmpty)
        let lines = shown.output.split(separator: "\n")
        func line(_ name: String) -> Substring { lines.first { $0.hasPrefix(name + " ") } ?? "" }
        #expect(line("HA_BRIDGE_LOG_LEVEL").hasSuffix("environment"))
        #expect(line("HA_BRIDGE_HTTP_ADDRESS").hasSuffix("default"))
        #expect(line("DATABASE_URL").contains("db.example/house") && line("DATABASE_URL").hasSuffix("environment"))
        bridge.environment["HA_BRIDGE_LOGLEVEL"] = "debug"
        let unknown = try await bridge("run", "--check-config")
        #expect(unknown.status == 78 && unknown.output.isEmpty)
        #expect(unknown.errors.contains("HA_BRIDGE_LOGLEVEL") && unknown.errors.contains("HA_BRIDGE_LOG_LEVEL?"))
        let started = try await bridge("run")
        #expect(started.status == 78)
        #expect(!bridge.transcript.contains("pass-word-canary"))
    }
}
