import Foundation
import PostgresClient
import TestSupport
import Testing

/// A PostgreSQL that stops, freezes, dies, fills up or refuses, under load. Whatever it does, Home Assistant never notices.
@Suite(.enabled(if: LabPostgres.isAvailable), .serialized, .timeLimit(.minutes(10))) struct DatabaseFaultTests {
    /// Runs a fault against a bridge under load and closes the account.
    ///
    /// - Parameter readiness: whether `/readyz` must say 503 while it lasts.
    static func run(
        _ name: String, rate: Int = 400, showsInReadiness: Bool = true, memoryLimit: Int = 300_000,
        _ fault: (FaultRig, LabPostgres, BridgeLife) async throws -> Void
    ) async throws {
        try await LabPostgres.with { lab in
            try await FaultRig.with(lab: lab) { rig in
                let house = try await rig.addHouse()
                let life = try await rig.startAndSee()
                house.startLoad(rate: rate)
                try await Task.sleep(for: .milliseconds(500))
                let watch = HealthWatch(life)
                try await fault(rig, lab, life)
                let answers = watch.end()
                try await rig.reconnect()
                try await rig.expectAccount(name)
                #expect(try await rig.eventually { life.page("/readyz").status == 200 }, "\(life.lastWords)")
                #expect(answers.live == [200], "\(name): \(answers.deaths)")
                if showsInReadiness {
                    #expect(answers.ready.contains(503), "\(name): \(answers.ready)")
                    #expect(answers.reasons.allSatisfy { !$0.isEmpty })
                }
                #expect(answers.peakMemory < memoryLimit, "\(name): \(answers.peakMemory) KiB")
                #expect(house.fake.snapshot.connections.count == 1, "\(name): Home Assistant lost the bridge.")
                #expect(house.fake.snapshot.drops == 0)
                #expect(life.process.isRunning)
            }
        }
    }

    private static let span: Duration = FaultRig.isQuick ? .seconds(3) : .seconds(12)

    @Test func databaseStopsAndComesBack() async throws {
        try await Self.run("database stopped") { _, lab, _ in
            try await lab.stop()
            try await Task.sleep(for: Self.span)
            try await lab.start()
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func memoryStaysFlatWhileTheDatabaseIsAway() async throws {
        try await Self.run("database stopped under ten times the load", rate: 3_000, memoryLimit: 400_000) {
            _, lab, life in
            try await lab.stop()
            // The first seconds fill what memory is for; from then on everything waits on disk.
            try await Task.sleep(for: .seconds(10))
            let before = life.process.memory() ?? 0
            try await Task.sleep(for: .seconds(30))
            let after = life.process.memory() ?? 0
            #expect(after - before < 30_000, "Memory grew from \(before) to \(after) KiB.")
            try await lab.start()
        }
    }

    @Test func backendIsKilledAndTheServerStartsAgain() async throws {
        try await Self.run("backend killed", showsInReadiness: false) { rig, lab, _ in
            for _ in 0..<(FaultRig.isQuick ? 1 : 3) {
                for pid in try await lab.backends(rig.session) { kill(pid, SIGKILL) }
                // The whole server goes down and recovers.
                try await Task.sleep(for: .seconds(1))
                #expect(try await rig.eventually { (try? await rig.reconnect()) != nil })
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func backendFreezes() async throws {
        try await Self.run("backend frozen") { rig, lab, _ in
            let frozen = try await Self.freezeBetweenTransactions(rig, lab)
            // TCP answers for ever; only a deadline of the bridge's own ends the wait.
            let before = try await rig.count("SELECT count(*) FROM home_assistant_events")
            #expect(
                try await rig.eventually(within: .seconds(60)) {
                    try await rig.count("SELECT count(*) FROM home_assistant_events") > before
                }, "Nothing was written beside the frozen session.")
            for pid in frozen { kill(pid, SIGCONT) }
        }
    }

    /// Stops the bridge's sessions at a moment in which none of them holds locks of rows: those of a frozen transaction nobody can
    /// take away, not even the server, and everything waits for it.
    private static func freezeBetweenTransactions(_ rig: FaultRig, _ lab: LabPostgres) async throws -> [pid_t] {
        for _ in 0..<200 {
            let backends = try await lab.backends(rig.session)
            try #require(!backends.isEmpty)
            for pid in backends { kill(pid, SIGSTOP) }
            let list = backends.map(String.init).joined(separator: ",")
            let writing = try await rig.count(
                "SELECT count(*) FROM pg_stat_activity WHERE pid IN (\(list)) AND backend_xid IS NOT NULL")
            if writing == 0 { return backends }
            for pid in backends { kill(pid, SIGCONT) }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("The bridge was never found between two transactions.")
        return []
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func postmasterFreezes() async throws {
        try await Self.run("postmaster frozen") { rig, lab, _ in
            lab.send(SIGSTOP)
            _ = try await rig.session.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
                """)
            try await Task.sleep(for: Self.span)
            lab.send(SIGCONT)
        }
    }

    @Test func sessionsAreTerminatedInTheMiddleOfTheirWork() async throws {
        try await Self.run("sessions terminated", rate: 1_500, showsInReadiness: false) { rig, _, _ in
            for _ in 0..<(FaultRig.isQuick ? 4 : 30) {
                _ = try await rig.session.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name = 'ha-bridge'
                    """)
                try await Task.sleep(for: .milliseconds(Int.random(in: 20...400)))
            }
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func serverHasNoConnectionLeft() async throws {
        try await Self.run("too many connections") { rig, lab, life in
            // The test's own session is one of the four that remain.
            try await rig.session.execute("ALTER SYSTEM SET max_connections = 4")
            try await rig.session.execute("ALTER SYSTEM SET superuser_reserved_connections = 0")
            try await rig.session.execute("ALTER SYSTEM SET max_wal_senders = 0")
            try await lab.stop()
            try await lab.start()
            var held: [PostgresConnection] = []
            for _ in 0..<200 where held.count < 4 {
                if let session = try? await PostgresConnection.connect(
                    try PostgresConfiguration(lab.url, applicationName: "tests"), logger: TestDatabase.quietLogger)
                {
                    held.append(session)
                } else {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            let tries = life.lines(with: "").count
            try await Task.sleep(for: Self.span)
            #expect(life.lines(with: "").count - tries < 60, "It writes a line for each try.")
            for session in held { await session.close() }
            try await lab.stop()
            // What `ALTER SYSTEM` wrote. Asking the server to forget it takes a session, and the bridge may have them all.
            try Data().write(to: URL(filePath: try #require(lab.dataDirectory) + "/postgresql.auto.conf"))
            try await lab.start()
        }
    }

    @Test func databaseBecomesReadOnly() async throws {
        try await Self.run("read only") { rig, lab, _ in
            try await rig.session.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            _ = try await rig.session.query("SELECT pg_reload_conf()")
            try await Task.sleep(for: Self.span)
            try await rig.reconnect()
            try await rig.session.execute("SET default_transaction_read_only = off")
            try await rig.session.execute("ALTER SYSTEM RESET default_transaction_read_only")
            _ = try await rig.session.query("SELECT pg_reload_conf()")
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func tableIsLocked() async throws {
        try await Self.run("events table locked", showsInReadiness: false) { rig, _, _ in
            for _ in 0..<2 {
                try await rig.session.execute("BEGIN; LOCK TABLE home_assistant_events IN ACCESS EXCLUSIVE MODE")
                try await Task.sleep(for: .seconds(12))
                try await rig.session.execute("COMMIT")
            }
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable && !FaultRig.isQuick)) func disksFull() async throws {
        let disk = try SmallDisk(bytes: 96 << 20)
        defer { disk.remove() }
        try await LabPostgres.with { lab in
            let place = disk.directory.appending(path: "space")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let owner = try FileManager.default.attributesOfItem(atPath: lab.dataDirectory ?? "")
            try FileManager.default.setAttributes(
                [
                    .ownerAccountID: owner[.ownerAccountID] ?? 0,
                    .groupOwnerAccountID: owner[.groupOwnerAccountID] ?? 0,
                ], ofItemAtPath: place.path)
            let session = try await PostgresConnection.connect(
                try PostgresConfiguration(lab.url, applicationName: "tests"), logger: TestDatabase.quietLogger)
            try await session.execute("CREATE TABLESPACE small LOCATION '\(place.path)'")
            try await session.execute("CREATE DATABASE small TABLESPACE small")
            let url = try PostgresConfiguration(lab.url).uri(database: "small")
            try await FaultRig.with(databaseURL: url) { rig in
                let house = try await rig.addHouse()
                let life = try await rig.startAndSee()
                house.startLoad(rate: 1_500)
                let watch = HealthWatch(life)
                disk.fill()
                try await Task.sleep(for: .seconds(8))
                disk.relieve()
                try await rig.expectAccount("database disk full")
                let answers = watch.end()
                #expect(answers.live == [200], "\(answers.deaths)")
                #expect(house.fake.snapshot.connections.count == 1)
            }
            await session.close()
        }
    }
}
