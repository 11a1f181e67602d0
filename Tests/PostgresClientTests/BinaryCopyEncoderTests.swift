import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// A value as the encoder writes it and as PostgreSQL does.
struct BinaryCase: Sendable, CustomTestStringConvertible {
    let sql: String
    let type: String
    let write: @Sendable (inout BinaryCopyEncoder) -> Void

    init(_ sql: String, _ type: String, _ write: @escaping @Sendable (inout BinaryCopyEncoder) -> Void) {
        self.sql = sql
        self.type = type
        self.write = write
    }

    var testDescription: String { "(\(sql))::\(type)" }

    static func moment(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? Timestamp(microseconds: .min) }

    static let all: [BinaryCase] = [
        .init("-32768", "int2") { $0.int2(.min) },
        .init("258", "int2") { $0.int2(258) },
        .init("-2147483648", "int4") { $0.int4(.min) },
        .init("-1", "int4") { $0.int4(-1) },
        .init("16909060", "int4") { $0.int4(16_909_060) },
        .init("-9223372036854775808", "int8") { $0.int8(.min) },
        .init("72623859790382856", "int8") { $0.int8(72_623_859_790_382_856) },
        .init("21.5", "float8") { $0.float8(21.5) },
        .init("'-0'", "float8") { $0.float8(-0.0) },
        .init("'Infinity'", "float8") { $0.float8(.infinity) },
        .init("4.9e-324", "float8") { $0.float8(.leastNonzeroMagnitude) },
        .init("true", "bool") { $0.bool(true) },
        .init("false", "bool") { $0.bool(false) },
        .init("''", "text") { $0.text("") },
        .init("'Küche 🏠 日本'", "text") { $0.text("Küche 🏠 日本") },
        .init("'state_changed'", "varchar(64)") { $0.text("state_changed" as StaticString) },
        .init("'0F14D0AB-9605-4A62-A9E4-5ED26688389B'", "uuid") {
            $0.uuid(UUID(uuid: (15, 20, 208, 171, 150, 5, 74, 98, 169, 228, 94, 210, 102, 136, 56, 155)))
        },
        .init("'2026-11-21T01:14:48.110907+00:00'", "timestamptz") {
            $0.timestamptz(moment("2026-11-21T01:14:48.110907+00:00"))
        },
        .init("'2000-01-01T00:00:00+00:00'", "timestamptz") { $0.timestamptz(moment("2000-01-01T00:00:00+00:00")) },
        .init("'1999-12-31T23:59:59.999999+00:00'", "timestamptz") {
            $0.timestamptz(moment("1999-12-31T23:59:59.999999+00:00"))
        },
        .init("'1969-07-20T20:17:40.000001+02:00'", "timestamptz") {
            $0.timestamptz(moment("1969-07-20T20:17:40.000001+02:00"))
        },
        .init("'{\"a\": [1, 2.5, null, \"ü\"]}'", "jsonb") { $0.jsonb("{\"a\": [1, 2.5, null, \"ü\"]}") },
        .init("'{\"a\":1}'", "json") { $0.text("{\"a\":1}") },
        .init("'[1,-2.5,3e-7,0]'", "vector(4)") { $0.vector([1, -2.5, 3e-7, 0]) },
        .init("array_fill(0.25, ARRAY[1536])", "vector(1536)") { $0.vector([Float](repeating: 0.25, count: 1_536)) },
        .init("'\\x00ff7f80'", "bytea") { $0.bytea([0, 255, 127, 128]) },
        .init("'\\x'", "bytea") { $0.bytea([]) },
        .init("NULL", "text") { $0.null() },
        .init("NULL", "vector(3)") { $0.null() },
    ]
}

@Suite("Binary COPY against a real server", .enabled(if: TestDatabase.isAvailable))
struct BinaryCopyEncoderTests {
    @Test func everyTypeHasTheBytesThatPostgreSQLWrites() async throws {
        try await TestDatabase.with { database in
            let connection = try await database.connect()
            for entry in BinaryCase.all {
                let expected = try await connection.copyOut(
                    "COPY (SELECT (\(entry.sql))::\(entry.type)) TO STDOUT (FORMAT binary)")
                var encoder = BinaryCopyEncoder()
                encoder.header()
                encoder.beginRow(columns: 1)
                entry.write(&encoder)
                encoder.trailer()
                #expect(encoder.bytes == expected, "\(entry.testDescription)")
            }
        }
    }

    @Test func everyTypeComesBackAsItWasWritten() async throws {
        try await TestDatabase.with { database in
            let connection = try await database.connect()
            let columns = BinaryCase.all.enumerated().map { "c\($0) \($1.type)" }.joined(separator: ", ")
            try await connection.execute("CREATE TABLE golden (\(columns))")
            var encoder = BinaryCopyEncoder()
            encoder.beginRow(columns: Int16(BinaryCase.all.count))
            for entry in BinaryCase.all { entry.write(&encoder) }
            let row = encoder.take()
            #expect(encoder.count == 0)
            // Three rows, cut at odd places.
            let stream = BinaryCopyEncoder.headerBytes + row + row + row + BinaryCopyEncoder.trailerBytes
            let chunks = stride(from: 0, to: stream.count, by: 997).map { start in
                Array(stream[start..<min(start + 997, stream.count)])
            }
            let stored = try await connection.copyIn("COPY golden FROM STDIN (FORMAT binary)", chunks: chunks)
            #expect(stored == 3)
            for (index, entry) in BinaryCase.all.enumerated() {
                let same = try await connection.query(
                    """
                    SELECT count(*) AS n FROM golden
                    WHERE c\(index)::text IS NOT DISTINCT FROM (\(entry.sql))::\(entry.type)::text
                    """)
                #expect(try same.first?.int("n") == 3, "\(entry.testDescription)")
            }
        }
    }

    @Test func largeStreamsPassWholeAndQuickly() async throws {
        try await TestDatabase.with { database in
            let connection = try await database.connect()
            try await connection.execute("CREATE UNLOGGED TABLE big (n int8, payload text)")
            var encoder = BinaryCopyEncoder(reservingCapacity: 24 << 20)
            encoder.header()
            let payload = String(repeating: "äb", count: 500)
            for number in 0..<15_000 {
                encoder.beginRow(columns: 2)
                encoder.int8(Int64(number))
                encoder.text(payload)
            }
            encoder.trailer()
            let stored = try await connection.copyIn("COPY big FROM STDIN (FORMAT binary)", chunks: [encoder.take()])
            #expect(stored == 15_000)
            let sum = try await connection.query("SELECT sum(n)::int8 AS s, min(length(payload)) AS l FROM big")
            #expect(try sum.first?.int("s") == 15_000 * 14_999 / 2)
            #expect(try sum.first?.int("l") == 1_000)
        }
    }
}
