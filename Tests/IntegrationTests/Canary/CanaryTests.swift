import BridgeCore
import Foundation
import HomeAssistantClient
import Ingest
import Logging
import PostgresClient
import TestSupport
import Testing

/// Tokens and secrets in states are looked for in everything that the built program leaves behind.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct CanaryTests {
    private static let search = CanarySearch(
        canaries: CanaryHouse.states + [ProcessRig.token, ProcessRig.wrongToken])

    private static func with(_ body: (ProcessRig, CanaryHouse) async throws -> Void) async throws {
        let house = try CanaryHouse()
        defer { house.fake.stop() }
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_LOG_LEVEL"] = "trace"
            rig.bridge.environment["BRIDGE_TIME_SCALE"] = "10"
            try await rig.addConnection(url: house.fake.url)
            try await body(rig, house)
        }
    }

    private static func rows(_ rig: ProcessRig, from source: String) async throws -> Int {
        try await rig.count("SELECT count(*) FROM home_assistant_events WHERE source = '\(source)'")
    }

    /// Everything at once: what a process prints and shows, and what it keeps in the database and in files.
    private static func expectNothing(_ rig: ProcessRig, _ process: RunningBridge) async throws {
        #expect(try await search.places(in: rig.session).isEmpty)
        #expect(search.places(below: rig.stateDirectory).isEmpty)
        let pages = ["/metrics", "/healthz", "/readyz", "/livez"].map { (name: $0, text: rig.page($0).body) }
        #expect(search.places(in: pages).isEmpty)
        #expect(search.places(in: [("log", process.log), ("output", process.output)]).isEmpty)
        if process.isRunning { #expect(search.places(inProcessesBelow: process.processID).isEmpty) }
    }

    @Test func secretsInStatesAreKeptNowhere() async throws {
        try await Self.with { rig, house in
            var process = try rig.start()
            #expect(await house.fake.wait { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await Self.rows(rig, from: "snapshot") >= 2 })
            house.live()
            #expect(
                try await rig.eventually {
                    try await rig.count("SELECT count(*) FROM home_assistant_dead_letters") == 2
                })
            #expect(try await rig.eventually { try await Self.rows(rig, from: "live") >= 4 })
            try await Self.expectNothing(rig, process)
            house.cutOff()
            #expect(
                try await rig.eventually {
                    try await rig.count("SELECT count(*) FROM home_assistant_dead_letters") >= 3
                })
            try await Self.expectNothing(rig, process)
            process.terminate()
            #expect(try await process.ended()?.status == 0)

            // While no bridge looks.
            for seconds in 1...3 {
                house.past.set(
                    "camera.yard", "recording\(seconds)", attributes: CanaryHouse.attributes(CanaryHouse.history),
                    at: .now)
                try await Task.sleep(for: .milliseconds(300))
            }
            process = try rig.start()
            let isFilled = try await rig.eventually(within: .seconds(60)) {
                try await Self.rows(rig, from: "backfill") >= 3
            }
            #expect(isFilled, "\(process.lines(with: "ap"))")
            try await Self.importFrames(rig)
            try await Self.expectNothing(rig, process)

            // The rows are those of the secrets, not some without any.
            let masked = """
                SELECT count(DISTINCT source) FROM home_assistant_events WHERE attributes->>'access_token' ~ '^[*]+$'
                    AND attributes->>'entity_picture' LIKE '/api/camera_proxy/camera.yard?token=***%&cache=1'
                    AND attributes->>'stream' LIKE 'rtsp://***%@10.0.0.5/s'
                """
            #expect(try await rig.count(masked) == 3)
            #expect(
                try await rig.value(
                    "SELECT attributes#>>'{service_data,code}' FROM home_assistant_events WHERE event_type = 'call_service'"
                ) == "****\("**********")")
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            for arguments in [["events", "--json"], ["status"], ["export", "--user", "anna"]] {
                let outcome = try await rig.bridge.shell("\"$HA\" \(arguments.joined(separator: " "))")
                #expect(outcome.status == 0 && !outcome.output.isEmpty)
                #expect(Self.search.places(in: [("output", outcome.output), ("errors", outcome.errors)]).isEmpty)
            }
        }
    }

    /// Frames of a file, as an import writes them.
    private static func importFrames(_ rig: ProcessRig) async throws {
        let id = try #require(try await rig.value("SELECT id FROM home_assistant_connections"))
        let connection = ConnectionID(try #require(UUID(uuidString: id)))
        let event = CanaryHouse.change("camera.old", CanaryHouse.imported).json
        let bytes = Array(#"{"id":1,"type":"event","event":\#(event)}"#.utf8)
        let pool = PostgresPool(rig.database.configuration, size: 1, logger: TestDatabase.quietLogger)
        var importer = FrameImporter(pool: pool, connection: connection, house: nil, logger: TestDatabase.quietLogger)
        let frame = ReceivedFrame(connection: connection, bytes: bytes, events: [31..<bytes.count - 1])
        #expect(try await importer.write([frame]) == 1)
        await pool.close()
        #expect(try await rig.count("SELECT count(*) FROM home_assistant_events WHERE entity_id = 'camera.old'") == 1)
    }

    /// What waits on the disk because the database is away.
    @Test func theSpoolHoldsNoSecrets() async throws {
        try await Self.with { rig, house in
            let (relay, url) = try ProcessDatabaseTests.relay(rig.database.url)
            defer { relay.stop() }
            relay.open()
            let process = try rig.start(databaseURL: url)
            #expect(await house.fake.wait(.seconds(30)) { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await Self.rows(rig, from: "snapshot") >= 2 })
            relay.close()
            house.live()
            let waiting = CanarySearch(canaries: ["lock.door"])
            #expect(try await rig.eventually { !waiting.places(below: rig.stateDirectory).isEmpty })
            #expect(Self.search.places(below: rig.stateDirectory).isEmpty)
            relay.open()
            #expect(try await rig.eventually(within: .seconds(60)) { try await Self.rows(rig, from: "live") >= 4 })
            try await Self.expectNothing(rig, process)
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }

    /// A search that finds nothing proves something only if it finds what is there.
    @Test func theSearchFindsWhatIsPlanted() async throws {
        let secret = "canaryplanted1f2e3d4c5b6a"
        let search = CanarySearch(canaries: [secret])
        try await ProcessRig.with { rig in
            #expect(try await search.places(in: rig.session).isEmpty)
            let encoded = Data("xx\(secret)yy".utf8).base64EncodedString()
            try await rig.session.execute(
                """
                CREATE TABLE planted (a text, b jsonb, c bytea, d text[], e varchar(90), f text);
                INSERT INTO planted VALUES ('x\(secret)', jsonb_build_object('k', '\(secret)'), '\(secret)'::bytea,
                    ARRAY['\(secret)'], encode('\(secret)', 'hex'), '\(encoded)')
                """)
            let columns = ["a", "b", "c", "d", "e", "f"].map { "public.planted.\($0)" }
            #expect(try await search.places(in: rig.session) == columns)
            _ = try rig.bridge.file("planted-\(secret)", "x")
            _ = try rig.bridge.file("planted", "x\(secret)")
            #expect(search.places(below: rig.bridge.directory).count == 2)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", "sleep 5 & wait", secret]
            process.environment = ["PLANTED": secret]
            try process.run()
            defer {
                process.terminate()
                process.waitUntilExit()
            }
            let id = process.processIdentifier
            // The child of the shell has its environment.
            let isFound = try await rig.eventually { search.places(inProcessesBelow: id).count >= 3 }
            #expect(isFound, "\(search.places(inProcessesBelow: id))")
        }
    }

    /// A process that is ended the hard way leaves no memory behind.
    @Test func aCrashLeavesNoCoreFile() async throws {
        try await Self.with { rig, house in
            // Whether this machine would leave one at all.
            let control = try await Self.crash("perl -MPOSIX -e '\(Self.sleeper)'", rig) {
                try await Task.sleep(for: .milliseconds(500))
                return true
            }
            if !control.isDumped { print("This machine dumps no cores: the test proves little here.") }
            let end = try await Self.crash("\"$HA\" run 2> log", rig) { house.fake.snapshot.subscriptionCount >= 1 }
            #expect(end.isCrash && !end.isDumped && end.files == ["log"], "\(end)")
        }
    }

    /// The threads of tests block signals, and so would what they start.
    private static let sleeper = "sigprocmask(SIG_UNBLOCK, POSIX::SigSet->new(SIGABRT)); sleep 5"

    /// Runs a line of bash in a directory of its own without a limit on core files, aborts what it runs, and tells what is left there.
    private static func crash(
        _ command: String, _ rig: ProcessRig, until isReady: () async throws -> Bool
    ) async throws -> (isCrash: Bool, isDumped: Bool, files: [String]) {
        let place = rig.bridge.directory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", "ulimit -c unlimited && exec \(command)"]
        process.environment = rig.bridge.environment.merging(["HA": CommandRunner.executable.path]) { $1 }
        process.currentDirectoryURL = place
        process.standardInput = FileHandle.nullDevice
        try process.run()
        #expect(try await rig.eventually(isReady))
        #expect(kill(process.processIdentifier, SIGABRT) == 0)
        process.waitUntilExit()
        let isCrash = process.terminationReason == .uncaughtSignal
        let files = try FileManager.default.contentsOfDirectory(atPath: place.path)
        #expect(search.places(below: place).isEmpty)
        return (isCrash, files.contains { $0.hasPrefix("core") }, files.sorted())
    }
}
