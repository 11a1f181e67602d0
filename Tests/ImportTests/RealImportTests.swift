import BridgeCore
import Foundation
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// The file of the Home Assistant that the tests were given.
private enum RealRecorder {
    static let file: String? = {
        guard let directory = ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_DIR"] else { return nil }
        let path = directory + "/config/home-assistant_v2.db"
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }()
}

/// The database that a real Home Assistant is writing, imported by the command, which is killed in the midst of it.
@Suite(.enabled(if: RealRecorder.file != nil && TestDatabase.isAvailable)) struct RealImportTests {
    private func command(_ arguments: [String], _ house: ImportHouse, crashing: Bool = false) async throws -> (
        end: ChildProcess.End?, output: String
    ) {
        // The build puts the program beside the tests.
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "ha-bridge").path
        let output = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-import-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HA_BRIDGE_") }
        environment["DATABASE_URL"] = house.database.url
        environment["HA_BRIDGE_EMBEDDER"] = "off"
        if crashing { environment["BRIDGE_CRASH_AT"] = "inside-import" }
        let process = try ChildProcess(program, arguments, environment: environment, output: output)
        let end = try await process.waitForEnd(.seconds(120))
        return (end, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }

    @Test func everyStateIsThereOnceWithItsOwnTimeAfterAKill() async throws {
        let file = try #require(RealRecorder.file)
        // What Home Assistant commits meanwhile is not part of it. Its recorder stores in order, on a slow machine a while later: once
        // something newer is there, nothing older comes.
        let end = Timestamp.now.adding(seconds: -15)
        let newest = "SELECT 1 FROM states WHERE last_updated_ts > \(Double(end.microseconds) / 1e6 + 1) LIMIT 1"
        for _ in 0..<60 where try RecorderFile.rows(of: file, newest).isEmpty { try await Task.sleep(for: .seconds(1)) }
        let start = end.adding(seconds: -1_200)
        let arguments = [
            "import", "recorder", "--connection", "home", "--sqlite", file, "--from", start.iso8601, "--to",
            end.iso8601,
        ]
        try await ImportHouse.with { house in
            let killed = try await command(arguments, house, crashing: true)
            #expect(killed.end == .signal(SIGKILL), "\(killed.output)")
            let resumed = try await command(arguments + ["--json"], house)
            #expect(resumed.end == .exit(0), "\(resumed.output)")
            let wanted = try RecorderFile.rows(
                of: file,
                """
                SELECT meta.entity_id, state, last_updated_ts FROM states AS item JOIN states_meta AS meta USING (metadata_id)
                WHERE last_updated_ts > \(Double(start.microseconds) / 1e6 - 1)
                """
            ).compactMap { row -> String? in
                guard let seconds = row[2].flatMap(Double.init), let time = Timestamp(secondsSince1970: seconds),
                    time >= start,
                    time < end
                else { return nil }
                return "\(row[0] ?? "")|\(row[1] ?? "∅")|\(time.iso8601)"
            }
            try #require(!wanted.isEmpty)
            let stored = try await house.session.query(
                "SELECT entity_id, new_state, timestamp FROM home_assistant_events WHERE event_type = 'state_changed'"
            ).map { row in
                "\(try row.string("entity_id"))|\(try row.optionalString("new_state") ?? "∅")|\(try row.timestamp("timestamp").iso8601)"
            }
            #expect(stored.count == wanted.count)
            #expect(Set(stored) == Set(wanted))
            let again = try await command(arguments + ["--json"], house)
            #expect(again.end == .exit(0) && again.output.contains(#""rows_added":0"#), "\(again.output)")
        }
    }

    @Test func saysWhatIsThereWithoutStoringAnything() async throws {
        let file = try #require(RealRecorder.file)
        try await ImportHouse.with { house in
            let survey = try await command(
                ["import", "recorder", "--connection", "home", "--sqlite", file, "--from", "10m", "--dry-run"], house)
            #expect(survey.end == .exit(0) && survey.output.contains("states"), "\(survey.output)")
            let rows = try await house.count("home_assistant_events")
            let imports = try await house.count("home_assistant_import")
            #expect(rows == 0 && imports == 0)
            let foreign = try await command(
                ["import", "recorder", "--connection", "home", "--sqlite", "/etc/passwd"], house)
            #expect(foreign.end == .exit(64) && foreign.output.contains("no SQLite database"), "\(foreign.output)")
        }
    }
}
