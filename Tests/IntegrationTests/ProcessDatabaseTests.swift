import Foundation
import TestSupport
import Testing

/// `ha-bridge run` beside a database that comes late, or goes away and comes back.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct ProcessDatabaseTests {
    /// A relay to the server of the tests, and the connection string that leads through it.
    static func relay(_ url: String) throws -> (ProcessRelay, String) {
        var parts = try #require(URLComponents(string: url))
        var items = parts.queryItems ?? []
        let host = items.first { $0.name == "host" }?.value ?? "localhost"
        let port = items.first { $0.name == "port" }?.value.flatMap { UInt16($0) } ?? 5432
        let relay = try ProcessRelay(
            to: host.hasPrefix("/") ? .unix(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port))
        items.removeAll { ["host", "hostaddr", "port"].contains($0.name) }
        items += [.init(name: "host", value: "127.0.0.1"), .init(name: "port", value: "\(relay.port)")]
        parts.queryItems = items
        return (relay, try #require(parts.string))
    }

    @Test func waitsForADatabaseThatIsNotThereYet() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let (relay, url) = try Self.relay(rig.database.url)
            defer { relay.stop() }
            let process = try rig.start(databaseURL: url)
            #expect(try await rig.eventually { rig.page("/livez").status == 200 })
            for _ in 0..<5 {
                try await Task.sleep(for: .seconds(1))
                #expect(process.isRunning)
                #expect(rig.page("/livez").status == 200)
                let ready = rig.page("/readyz")
                #expect(ready.status == 503 && ready.body.contains("database: The database cannot be reached"))
            }
            #expect(process.lines(with: "The database cannot be reached").count == 1, "\(process.log)")
            #expect(process.lines(with: "127.0.0.1:\(relay.port)").count <= 2, "\(process.log)")
            relay.open()
            #expect(await fake.wait(.seconds(30)) { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { rig.page("/readyz").status == 200 })
            #expect(process.lines(with: "The database answers.").count == 1)
            ProcessRig.push(0..<100, to: fake)
            #expect(try await rig.eventually { try await rig.ticks == 100 })
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }

    @Test func endsWhileItWaitsForTheDatabase() async throws {
        try await ProcessRig.with { rig in
            let (relay, url) = try Self.relay(rig.database.url)
            defer { relay.stop() }
            let process = try rig.start(databaseURL: url)
            #expect(try await rig.eventually { rig.page("/livez").status == 200 })
            try await Task.sleep(for: .seconds(2))
            process.terminate()
            let end = try #require(try await process.ended())
            #expect(end.status == 0 && end.after < .seconds(10))
        }
    }

    @Test func keepsWhatComesWhileTheDatabaseIsAway() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let (relay, url) = try Self.relay(rig.database.url)
            defer { relay.stop() }
            relay.open()
            let process = try rig.start(databaseURL: url)
            #expect(await fake.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            ProcessRig.push(0..<100, to: fake)
            #expect(try await rig.eventually { try await rig.ticks == 100 })
            relay.close()
            var reasons: Set<String> = []
            for round in 1...50 {
                ProcessRig.push((round * 100)..<(round * 100 + 100), to: fake)
                try await Task.sleep(for: .milliseconds(100))
                if round % 5 == 0 { #expect(rig.page("/livez").status == 200) }
                let ready = rig.page("/readyz")
                if ready.status == 503 { reasons.insert(String(ready.body.prefix { $0 != ":" })) }
            }
            #expect(reasons.contains("database") || reasons.contains("writer_lag"), "\(reasons)")
            #expect(rig.page("/readyz").status == 503)
            #expect(try await rig.ticks == 100)
            relay.open()
            #expect(try await rig.eventually(within: .seconds(40)) { try await rig.ticks == 5_100 })
            #expect(try await rig.eventually(within: .seconds(30)) { rig.page("/readyz").status == 200 })
            #expect(fake.snapshot.connections.count == 1)
            #expect(process.lines(with: "Cannot write to PostgreSQL.").count == 1, "\(process.log)")
            #expect(process.lines(with: "PostgreSQL takes rows again.").count == 1, "\(process.log)")
            // A sentence for each part that was concerned, and not for each try.
            #expect(process.lines(with: "127.0.0.1:\(relay.port)").count <= 4, "\(process.log)")
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            #expect(try await rig.ticks == 5_100)
        }
    }

    @Test func keepsWhatTheDatabaseDoesNotTakeBeforeTheEnd() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let (relay, url) = try Self.relay(rig.database.url)
            defer { relay.stop() }
            relay.open()
            let process = try rig.start(databaseURL: url)
            #expect(await fake.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            relay.close()
            ProcessRig.push(0..<100, to: fake)
            try await Task.sleep(for: .seconds(1))
            process.terminate()
            let end = try #require(try await process.ended())
            #expect(end.status == 0 && end.after < .seconds(10))
            #expect(process.lines(with: "waits in the spool; the next start writes it.").count == 1, "\(process.log)")
            #expect(try await rig.ticks == 0)
            relay.open()
            let next = try rig.start(databaseURL: url)
            #expect(try await rig.eventually(within: .seconds(20)) { try await rig.ticks == 100 }, "\(next.log)")
            next.terminate()
            #expect(try await next.ended()?.status == 0)
        }
    }
}
