import BridgeCore
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// Statistics, and histories on a PostgreSQL server.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct OtherSourceTests {
    private static let start = Timestamp(microseconds: 1_761_958_800_000_000)  // 2025-11-01T01:00Z

    private static let statistics = """
        CREATE TABLE statistics_meta (
            id INTEGER PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32), unit_of_measurement VARCHAR(255));
        INSERT INTO statistics_meta VALUES
            (1, 'sensor.energy', 'recorder', 'kWh'), (4, 'sensor.temperature', 'recorder', '°C'),
            (7, 'tibber:cost', 'tibber', 'EUR'), (8, 'sensor.odd', 'recorder', 'cats');
        CREATE TABLE statistics (
            id INTEGER PRIMARY KEY, metadata_id INTEGER, start_ts DOUBLE PRECISION, mean DOUBLE PRECISION, min DOUBLE PRECISION,
            max DOUBLE PRECISION, last_reset_ts DOUBLE PRECISION, state DOUBLE PRECISION, sum DOUBLE PRECISION);
        CREATE TABLE statistics_short_term (
            id INTEGER PRIMARY KEY, metadata_id INTEGER, start_ts DOUBLE PRECISION, mean DOUBLE PRECISION, min DOUBLE PRECISION,
            max DOUBLE PRECISION, last_reset_ts DOUBLE PRECISION, state DOUBLE PRECISION, sum DOUBLE PRECISION);
        """

    private static func hours(_ range: Range<Int>, _ values: (Int) -> String) -> String {
        range.map { hour in
            "(\(values(hour).replacing("@", with: "\(Double(start.adding(seconds: Int64(hour) * 3_600).microseconds) / 1e6)")))"
        }.joined(separator: ", ")
    }

    private static func fill(_ file: RecorderFile) throws {
        try file.makeTables()
        try file.add("sensor.energy", "5000", at: start, attributes: #"{"unit_of_measurement":"Wh"}"#)
        try file.add("sensor.odd", "1", at: start, attributes: #"{"unit_of_measurement":"dogs"}"#)
        try file.run(statistics)
        // A counter that is reset once: its sum goes on, as Home Assistant keeps it.
        try file.run(
            "INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES "
                + hours(0..<30) { "1, @, \($0 < 10 ? $0 : $0 - 10), \(Double($0) * 0.5)" })
        try file.run(
            "INSERT INTO statistics (metadata_id, start_ts, mean, min, max) VALUES "
                + hours(0..<30) { "4, @, \(20 + $0), \(19 + $0), \(21 + $0)" })
        try file.run(
            "INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES "
                + hours(0..<3) { "7, @, \($0), \(100 + $0)" })
        try file.run("INSERT INTO statistics (metadata_id, start_ts, mean) VALUES " + hours(0..<2) { "8, @, \($0)" })
        try file.run(
            "INSERT INTO statistics_short_term (metadata_id, start_ts, mean, min, max) VALUES "
                + hours(0..<2) { "4, @, \($0), 0, 9" })
    }

    @Test func statisticsBecomeRollUpsInTheUnitOfTheEntity() async throws {
        let file = try RecorderFile()
        try Self.fill(file)
        try await ImportHouse.with { house in
            _ = try await house.session.query(
                "UPDATE home_assistant_connections SET time_zone = 'Europe/Berlin' WHERE id = $1",
                [.id(house.connection)])
            // What was rolled up from events stays.
            _ = try await house.session.query(
                """
                INSERT INTO home_assistant_states_hourly (connection_id, entity_id, bucket_start, mean, sample_count, source)
                VALUES ($1, 'sensor.temperature', $2, 7, 3, 'events')
                """, [.id(house.connection), .timestamp(Self.start.adding(seconds: 3_600))])
            let done = try await house.run(.recorderFile(path: file.path))
            #expect(done.rowsUnusable == 2)
            let energy = try await house.lines(
                """
                SELECT last_value, change, source FROM home_assistant_states_hourly
                WHERE entity_id = 'sensor.energy' ORDER BY bucket_start LIMIT 3
                """)
            #expect(energy == ["0|0|statistics", "1000|500|statistics", "2000|500|statistics"])
            let temperature = try await house.lines(
                """
                SELECT mean, minimum, source FROM home_assistant_states_hourly
                WHERE entity_id = 'sensor.temperature' ORDER BY bucket_start LIMIT 3
                """)
            #expect(temperature == ["20|19|statistics", "7|∅|events", "22|21|statistics"])
            // 01:00 UTC is 02:00 in Berlin: 22 hours of the first day, the other 8 of the second.
            let days = try await house.lines(
                """
                SELECT bucket_start, change FROM home_assistant_states_daily
                WHERE entity_id = 'sensor.energy' ORDER BY bucket_start
                """)
            #expect(days == ["2025-10-31 23:00:00+00|10500", "2025-11-01 23:00:00+00|4000"])
            let others = try await house.lines(
                "SELECT change FROM home_assistant_states_hourly WHERE entity_id = 'tibber:cost' ORDER BY bucket_start")
            #expect(others == ["∅", "1", "1"])
            let short = try await house.count("home_assistant_states_5_minutes")
            let odd = try await house.count("home_assistant_states_hourly WHERE entity_id = 'sensor.odd'")
            #expect(short == 2 && odd == 0)
            let second = try await house.run(.recorderFile(path: file.path))
            #expect(second.rowsAdded == 0)
        }
    }

    @Test(arguments: [
        ("kWh", "Wh", 1.5, 1_500.0), ("°F", "°C", 212, 100), ("°C", "K", 0, 273.15), ("mbar", "hPa", 1_013, 1_013),
        ("km/h", "m/s", 36, 10), ("MJ", "kWh", 3.6, 1),
    ])
    func convertsUnits(from: String, to: String, value: Double, expected: Double) throws {
        let conversion = try #require(UnitConversion(from: from, to: to))
        #expect(abs(conversion.value(value) - expected) < 1e-9)
    }

    @Test func noConversionBetweenKinds() {
        #expect(UnitConversion(from: "kWh", to: "kW") == nil)
        #expect(UnitConversion(from: "cats", to: "dogs") == nil)
    }

    // MARK: PostgreSQL

    /// The tables of a recorder on PostgreSQL, as far as an import reads them, with the rows of `file`.
    private static func copy(_ file: RecorderFile, to session: PostgresConnection) async throws {
        try await session.execute(
            """
            CREATE TABLE schema_changes (change_id BIGINT PRIMARY KEY, schema_version INTEGER, changed TIMESTAMPTZ);
            CREATE TABLE states_meta (metadata_id BIGINT PRIMARY KEY, entity_id VARCHAR(255));
            CREATE TABLE state_attributes (attributes_id BIGINT PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
            CREATE TABLE states (
                state_id BIGINT PRIMARY KEY, entity_id CHAR(1), state VARCHAR(255), attributes CHAR(1),
                last_changed TIMESTAMPTZ, last_changed_ts DOUBLE PRECISION, last_updated TIMESTAMPTZ,
                last_updated_ts DOUBLE PRECISION, old_state_id BIGINT, attributes_id BIGINT, context_id CHAR(1),
                context_user_id CHAR(1), context_parent_id CHAR(1), origin_idx SMALLINT, context_id_bin BYTEA,
                context_user_id_bin BYTEA, context_parent_id_bin BYTEA, metadata_id BIGINT);
            CREATE TABLE event_types (event_type_id BIGINT PRIMARY KEY, event_type VARCHAR(64));
            CREATE TABLE event_data (data_id BIGINT PRIMARY KEY, hash BIGINT, shared_data TEXT);
            CREATE TABLE events (
                event_id BIGINT PRIMARY KEY, event_type CHAR(1), event_data CHAR(1), origin CHAR(1), origin_idx SMALLINT,
                time_fired TIMESTAMPTZ, time_fired_ts DOUBLE PRECISION, context_id CHAR(1), context_user_id CHAR(1),
                context_parent_id CHAR(1), data_id BIGINT, context_id_bin BYTEA, context_user_id_bin BYTEA,
                context_parent_id_bin BYTEA, event_type_id BIGINT);
            \(statistics)
            """)
        for table in [
            "schema_changes", "states_meta", "state_attributes", "states", "event_types", "event_data", "events",
            "statistics", "statistics_short_term",
        ] {
            let names = try RecorderFile.rows(of: file.path, "SELECT name FROM pragma_table_info('\(table)')")
                .compactMap(\.[0])
            let selected = names.map { $0.hasSuffix("_bin") ? "'\\x' || hex(\($0))" : $0 }.joined(separator: ", ")
            for row in try RecorderFile.rows(of: file.path, "SELECT \(selected) FROM \(table)") {
                let values = row.map { $0.map { RecorderFile.quoted($0) } ?? "NULL" }.joined(separator: ", ")
                try await session.execute("INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(values))")
            }
        }
    }

    @Test func recorderOnPostgreSQLGivesTheSameRows() async throws {
        let file = try RecorderFile()
        try Self.fill(file)
        for offset in Int64(0)..<20 {
            try file.add(
                "light.a", offset.isMultiple(of: 7) ? nil : "s\(offset)",
                at: Timestamp(microseconds: Self.start.microseconds + offset * 1_234_567), attributes: #"{"b":"é"}"#,
                context: "01A200E44EEDA65FAF873892F4E970AF")
        }
        try file.addEvent(
            "call_service", #"{"domain":"light"}"#, at: Self.start, context: "01A200E44EEDA65FAF873892F4E970AF")
        let columns = "id, event_type, entity_id, old_state, new_state, attributes, timestamp, value, context_id"
        try await TestDatabase.with(extensions: []) { other in
            let session = try await other.connect()
            try await Self.copy(file, to: session)
            await session.close()
            try await ImportHouse.with { house in
                let first = try await house.run(.recorderServer(url: other.url))
                #expect(!first.source.contains("password"))
                let rows = try await house.lines("SELECT \(columns) FROM home_assistant_events ORDER BY id")
                #expect(rows.count == 23)
                // The same history from the file: nothing is new, and it is known to be the same.
                let second = try await house.run(.recorderFile(path: file.path))
                #expect(second.rowsAdded == 0 && second.rowsRead == first.rowsRead)
                let hours = try await house.count("home_assistant_states_hourly")
                #expect(hours == 63)
            }
        }
    }

    @Test func ltssGivesStatesWithTheOneBefore() async throws {
        try await TestDatabase.with(extensions: []) { other in
            let session = try await other.connect()
            try await session.execute(
                """
                CREATE TABLE ltss (
                    time TIMESTAMPTZ NOT NULL, entity_id VARCHAR(255) NOT NULL, state VARCHAR(255), attributes JSONB,
                    PRIMARY KEY (time, entity_id));
                INSERT INTO ltss
                SELECT '2025-11-01T01:00:00.000001Z'::timestamptz + number * interval '1.5 seconds', 'sensor.s' || number % 3,
                    number, '{"unit_of_measurement": "W"}'
                FROM generate_series(0, 9999) AS number
                """)
            await session.close()
            try await ImportHouse.with { house in
                // In two ranges: the second knows the state before from the first.
                let middle = Self.start.adding(seconds: 6_000)
                let early = Timestamp(microseconds: 0)
                let first = try await house.run(.ltss(url: other.url), range: early..<middle)
                let second = try await house.run(.ltss(url: other.url), range: middle..<Timestamp.now)
                #expect(first.rowsAdded + second.rowsAdded == 10_000)
                let wrong = try await house.count(
                    """
                    home_assistant_events
                    WHERE old_state IS DISTINCT FROM CASE WHEN value >= 3 THEN (value - 3)::text END
                        OR timestamp <> '2025-11-01T01:00:00.000001Z'::timestamptz + value * interval '1.5 seconds'
                        OR source <> 'import'
                    """)
                #expect(wrong == 0)
            }
        }
    }

    @Test func saysWhatIsWrongWithAServer() async throws {
        try await ImportHouse.with { house in
            for (origin, code) in [
                (ImportOrigin.recorderServer(url: house.database.url), ImportError.Code.foreign),
                (.ltss(url: house.database.url), .foreign),
                (.ltss(url: "postgresql://nobody:secret@127.0.0.1:1/none"), .unavailable),
                (.ltss(url: "nonsense://secret"), .notReadable),
            ] {
                do {
                    try await house.run(origin)
                    Issue.record("It was imported from.")
                } catch let error as ImportError {
                    #expect(error.code == code && !error.message.contains("secret"), "\(error)")
                }
            }
        }
    }
}
