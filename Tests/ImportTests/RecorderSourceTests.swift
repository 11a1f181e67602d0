import BridgeCore
import FoundationEssentials
import Store
import Testing

@testable import Ingest

/// Which files are read as a recorder's, and what is said of the others.
@Suite struct RecorderSourceTests {
    /// Everything that a file holds, page after page.
    private func changes(
        of path: String, _ phase: ImportPhase = .states, range: Range<Timestamp> = .everything
    ) async throws -> [RecordedChange] {
        let source = try await RecorderSource(try await SQLiteHistory(path: path))
        guard let extent = try await source.extent(of: phase, range) else { return [] }
        var changes: [RecordedChange] = []
        var position: ImportPosition?
        while true {
            let page = try await source.page(of: phase, after: position, in: extent, range)
            changes += page.changes
            guard let next = page.next else { break }
            position = next
        }
        await source.close()
        return changes
    }

    private func states(of path: String, range: Range<Timestamp> = .everything) async throws -> [RecordedState] {
        try await changes(of: path, range: range).compactMap { if case .state(let state) = $0 { state } else { nil } }
    }

    private func refusal(of path: String) async -> ImportError? {
        do {
            _ = try await RecorderSource(try await SQLiteHistory(path: path, patience: .milliseconds(50)))
            return nil
        } catch {
            return error as? ImportError
        }
    }

    private static let start = Timestamp(microseconds: 1_795_223_601_341_154)

    // MARK: What is read

    @Test func readsStatesWithTheOneBeforeAndTheContext() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.add("light.a", "off", at: Self.start, attributes: #"{"friendly_name":"A"}"#)
        try file.add(
            "light.a", "on", at: Self.start.adding(seconds: 1), attributes: #"{"friendly_name":"A"}"#,
            context: "01A200E44EEDA65FAF873892F4E970AF", user: "00000000000000000000000000000001")
        try file.add("light.a", nil, at: Self.start.adding(seconds: 2))
        let states = try await states(of: file.path)
        #expect(states.map { $0.state.map { String(decoding: $0, as: UTF8.self) } } == ["off", "on", nil])
        #expect(states.map { $0.before.map { String(decoding: $0.state, as: UTF8.self) } } == [nil, "off", "on"])
        #expect(states.map(\.updated) == (0...2).map { Self.start.adding(seconds: $0) })
        #expect(states[1].context.id.map { String(decoding: $0, as: UTF8.self) } == "01M80E8KQDMSFTZ1SRJBTEJW5F")
        #expect(states[1].attributes.map { String(decoding: $0, as: UTF8.self) } == #"{"friendly_name":"A"}"#)
    }

    @Test func readsMoreThanAPageOnce() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.run("BEGIN")
        for number in 0..<9_000 {
            try file.add("sensor.s\(number % 7)", "\(number)", at: Self.start.adding(seconds: Int64(number)))
        }
        try file.run("COMMIT")
        let states = try await states(of: file.path)
        #expect(states.count == 9_000)
        #expect(Set(states.map(\.updated)).count == 9_000)
    }

    @Test func readsARangeToTheMicrosecond() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        for offset in Int64(-2)...2 {
            try file.add("sensor.a", "\(offset)", at: Timestamp(microseconds: Self.start.microseconds + offset))
        }
        let range = Self.start..<Timestamp(microseconds: Self.start.microseconds + 2)
        #expect(
            try await states(of: file.path, range: range).compactMap(\.state).map {
                String(decoding: $0, as: UTF8.self)
            } == ["0", "1"])
    }

    /// Home Assistant 2022.5: names, times and contexts stand in the rows themselves.
    @Test func readsTheTablesOf2022() async throws {
        let file = try RecorderFile()
        try file.run(
            """
            CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed DATETIME);
            INSERT INTO schema_changes VALUES (1, 28, '2022-05-04 10:00:00.000001');
            CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
            INSERT INTO state_attributes VALUES (1, 0, '{"unit_of_measurement":"W"}');
            CREATE TABLE states (
                state_id INTEGER PRIMARY KEY, domain VARCHAR(64), entity_id VARCHAR(255), state VARCHAR(255), attributes TEXT,
                event_id INTEGER, last_changed DATETIME, last_updated DATETIME, old_state_id INTEGER, attributes_id INTEGER,
                context_id VARCHAR(36), context_user_id VARCHAR(36), context_parent_id VARCHAR(36), origin_idx INTEGER);
            INSERT INTO states VALUES
                (1, NULL, 'sensor.p', '4', NULL, NULL, NULL, '2022-05-04 10:00:01.000002', NULL, 1, 'a1', NULL, NULL, 0),
                (2, NULL, 'sensor.p', '5', '{"old":true}', NULL, NULL, '2022-05-04 10:00:02', 1, NULL, 'a2', 'u2', 'p2', 0);
            CREATE TABLE events (
                event_id INTEGER PRIMARY KEY, event_type VARCHAR(64), event_data TEXT, origin VARCHAR(32), time_fired DATETIME,
                context_id VARCHAR(36), context_user_id VARCHAR(36), context_parent_id VARCHAR(36));
            INSERT INTO events VALUES
                (1, 'state_changed', '{}', 'LOCAL', '2022-05-04 10:00:01', 'a1', NULL, NULL),
                (2, 'call_service', '{"domain":"light"}', 'REMOTE', '2022-05-04 10:00:01', 'a1', NULL, NULL);
            """)
        let states = try await states(of: file.path)
        #expect(states.map(\.updated.microseconds) == [1_651_658_401_000_002, 1_651_658_402_000_000])
        #expect(states.map { String(decoding: $0.entity, as: UTF8.self) } == ["sensor.p", "sensor.p"])
        #expect(
            states.map { $0.attributes.map { String(decoding: $0, as: UTF8.self) } }
                == [#"{"unit_of_measurement":"W"}"#, #"{"old":true}"#])
        #expect(
            states[1].context
                == RecordedContext(id: Array("a2".utf8), parentID: Array("p2".utf8), userID: Array("u2".utf8)))
        let events = try await changes(of: file.path, .events).compactMap { change -> RecordedEvent? in
            if case .event(let event) = change { event } else { nil }
        }
        #expect(events.map { String(decoding: $0.type, as: UTF8.self) } == ["call_service"])
        #expect(events.first?.isRemote == true)
    }

    @Test func sameHistoryHasTheSameFingerprintWhereverItLies() async throws {
        var fingerprints: [String] = []
        for created in [RecorderFile.created, RecorderFile.created, "2025-03-01 10:00:00.123457"] {
            let file = try RecorderFile()
            try file.makeTables(created: created)
            if !fingerprints.isEmpty {
                try file.run("INSERT INTO schema_changes VALUES (2, 51, '2025-06-01 10:00:00')")
            }
            fingerprints.append(try await RecorderSource(try await SQLiteHistory(path: file.path)).fingerprint)
        }
        #expect(fingerprints[0] == fingerprints[1] && fingerprints[1] != fingerprints[2])
    }

    // MARK: What is not

    @Test func saysWhatIsWrongWithAFile() async throws {
        let file = try RecorderFile()
        #expect(await refusal(of: file.path + ".missing")?.code == .notReadable)
        #expect(await refusal(of: file.path)?.code == .foreign)
        try file.run("CREATE TABLE songs (name TEXT)")
        let foreign = await refusal(of: file.path)
        #expect(foreign?.code == .foreign && foreign?.message.contains("home-assistant_v2.db") == true)
        let text = file.path + ".txt"
        try Data("This is a letter, not a database, and long enough for a header of a hundred bytes. ".utf8)
            .write(to: URL(filePath: text))
        #expect(await refusal(of: text)?.code == .foreign)
        #expect(await refusal(of: "/")?.code == .notReadable)
    }

    @Test func refusesATooOldSchemaBySayingWhatToDo() async throws {
        let file = try RecorderFile()
        try file.makeTables(version: 24)
        let error = await refusal(of: file.path)
        #expect(error?.code == .unsupported && error?.message.contains("newer Home Assistant") == true)
    }

    @Test func saysThatAnotherProgramHoldsTheFile() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.run("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; INSERT INTO schema_changes VALUES (9, 50, 'x')")
        let error = await refusal(of: file.path)
        #expect(error?.code == .locked && error?.isTemporary == true)
        try file.run("ROLLBACK")
        #expect(await refusal(of: file.path) == nil)
    }

    @Test func readsWhileAnotherProgramWritesAndWritesNothingItself() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.add("light.a", "off", at: Self.start)
        try file.run("BEGIN IMMEDIATE")
        try file.add("light.a", "on", at: Self.start.adding(seconds: 1))
        #expect(try await states(of: file.path).count == 1)
        try file.run("COMMIT")
        #expect(try await states(of: file.path).count == 2)
        let database = try await SQLiteHistory(path: file.path)
        await #expect(throws: ImportError.self) { try await database.rows("DELETE FROM states") }
        await database.close()
        #expect(try await states(of: file.path).count == 2)
    }

    @Test func saysThatAFileIsDamaged() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.run("BEGIN")
        for number in 0..<5_000 { try file.add("sensor.a", "\(number)", at: Self.start.adding(seconds: Int64(number))) }
        try file.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
        file.close()
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: file.path)))
        // The first pages hold the schema; the rest becomes noise.
        for index in stride(from: 60 * 4_096, to: bytes.count, by: 1) {
            bytes[index] = UInt8(truncatingIfNeeded: index &* 31)
        }
        try Data(bytes).write(to: URL(filePath: file.path))
        do {
            _ = try await states(of: file.path)
            Issue.record("A damaged file was read to its end.")
        } catch let error as ImportError {
            #expect(error.code == .damaged && error.message.contains(".recover"))
        }
    }
}
