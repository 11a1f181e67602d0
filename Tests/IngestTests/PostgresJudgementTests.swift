import BridgeCore
import Foundation
import PostgresClient
import Store
import Testing
import TestSupport

@testable import Ingest

/// PostgreSQL itself is the judge: every row that the transformer makes is taken as it is, and says afterwards what came.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct PostgresJudgementTests {
    /// The bytes of a row and the event that it came from.
    private struct Sample {
        let row: ArraySlice<UInt8>
        let event: [UInt8]
    }

    private static let columns = EventTable.columns.joined(separator: ", ")

    private func copy(_ rows: [Sample], into connection: PostgresConnection) async throws(PostgresError) {
        let body = Array(rows.map(\.row).joined())
        _ = try await connection.copyIn(
            "COPY home_assistant_events (\(Self.columns)) FROM STDIN (FORMAT binary)",
            chunks: [BinaryCopyEncoder.headerBytes, body, BinaryCopyEncoder.trailerBytes], deadline: .seconds(60))
    }

    /// The first row that is refused on its own.
    private func culprit(of rows: [Sample], _ connection: PostgresConnection) async -> String {
        for row in rows {
            do {
                try await copy([row], into: connection)
                try? await connection.execute("TRUNCATE home_assistant_events")
            } catch {
                return "\(error): \(FrameFuzzTests.printable(row.event))"
            }
        }
        return "no row alone"
    }

    private func withEvents(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await TestDatabase.withSchema { database in
            let connection = try await database.connect()
            try await body(connection)
            await connection.close()
        }
    }

    @Test func everyRowIsTakenAndSaysWhatCame() async throws {
        var forge = EventForge(generator: FuzzRun.generator("postgres"), captured: FrameFuzzTests.captured)
        let total = FuzzRun.cases(default: 1_500)
        try await withEvents { connection in
            var transformer = FrameTransformer()
            var done = 0
            while done < total {
                let part = min(500, total - done)
                let frames = (0..<part).map { _ in FrameFuzzTests.received(forge.message(forge.event())) }
                done += part
                let batch = transformer.transform(frames)
                // Events that were made twice have one id; a table takes it once.
                var rows: [[UInt8]: Sample] = [:]
                for entry in batch.index {
                    let bytes = batch.rows[entry.range]
                    let id = Array(bytes.dropFirst(6).prefix(16))
                    rows[id] = Sample(row: bytes, event: Array(batch.frames[entry.frame].bytes[entry.source]))
                }
                do {
                    try await copy(Array(rows.values), into: connection)
                } catch {
                    Issue.record("seed \(FuzzRun.seed): \(await culprit(of: Array(rows.values), connection))")
                    return
                }
                try await compare(rows, connection)
                try await connection.execute("TRUNCATE home_assistant_events")
            }
        }
    }

    private func compare(_ rows: [[UInt8]: Sample], _ connection: PostgresConnection) async throws {
        let stored = try await connection.query(
            "SELECT id, event_type, entity_id, old_state, new_state, attributes, context_id FROM home_assistant_events")
        #expect(stored.count == rows.count)
        var times: [(id: String, text: String)] = []
        for line in stored {
            let id = try line.string("id")
            guard let uuid = UUID(uuidString: id), let sample = rows[withUnsafeBytes(of: uuid.uuid, Array.init)],
                case .row(let expected, _, _) = ReferenceOutcome.of(sample.event)
            else {
                Issue.record("seed \(FuzzRun.seed): an unknown row \(id)")
                continue
            }
            var found = expected
            found.eventType = Array(try line.string("event_type").utf8)
            found.entityID = try line.optionalString("entity_id").map { Array($0.utf8) }
            found.oldState = try line.optionalString("old_state").map { Array($0.utf8) }
            found.newState = try line.optionalString("new_state").map { Array($0.utf8) }
            found.contextID = try line.optionalString("context_id").map { Array($0.utf8) }
            found.attributes = try line.optionalString("attributes").flatMap {
                ReferenceJSON.parse(Array($0.utf8), limit: 300)?.canonical
            }
            #expect(found == expected, "seed \(FuzzRun.seed): \(FrameFuzzTests.printable(sample.event))")
            if let text = time(of: sample.event) { times.append((id, text)) }
        }
        let wrong = try await connection.query(
            """
            SELECT count(*) AS count FROM unnest($1::text[], $2::text[]) AS said (id, time)
            JOIN home_assistant_events AS event ON event.id = said.id::uuid WHERE event.timestamp <> said.time::timestamptz
            """, [.textArray(times.map(\.id)), .textArray(times.map(\.text))])
        #expect(try wrong.first?.int("count") == 0)
    }

    /// The event's time where PostgreSQL reads it the same way: it has no year 0, no
    /// zones of 16 hours and more, and rounds where the bridge cuts.
    private func time(of event: [UInt8]) -> String? {
        guard let event = ReferenceJSON.parse(event), let data = event["data"] else { return nil }
        let isState = event["event_type"]?.text == Array("state_changed".utf8) && data["entity_id"]?.text != nil
        let updated = isState ? data["new_state"]?["last_updated"]?.text : nil
        guard let text = (updated ?? event["time_fired"]?.text).map({ String(decoding: $0, as: UTF8.self) }),
            !text.hasPrefix("0000"), text.hasSuffix("Z") || (Int(text.suffix(5).prefix(2)) ?? 99) < 16,
            text.drop(while: { $0 != "." }).dropFirst().prefix(while: \.isNumber).count <= 6
        else { return nil }
        return text
    }

    /// The largest payloads that the decoder lets pass do not hit a limit of `jsonb`, whose errors halving cannot cure.
    @Test(
        .enabled("HA_BRIDGE_FUZZ_CASES is not set; this one needs half a minute.") { FuzzRun.isLong },
        arguments: ["1,", "{\"a\":1},", "1e308,"])
    func theLargestPayloadsAreTaken(element: String) async throws {
        let count = (EventDecoder.payloadLimit - 20) / element.utf8.count
        let data = Array("[".utf8) + [[UInt8]](repeating: Array(element.utf8), count: count).joined() + Array("0]".utf8)
        let event = Array(#"{"event_type":"big","time_fired":"2026-11-21T01:14:48Z","data":"#.utf8) + data + [0x7D]
        var transformer = FrameTransformer()
        var forge = EventForge(generator: SeededGenerator(seed: 1))
        let batch = transformer.transform([FrameFuzzTests.received(forge.message(event))])
        #expect(batch.index.count == 1 && batch.deadLetters.isEmpty)
        try await withEvents { connection in
            try await copy([Sample(row: batch.rows[...], event: [])], into: connection)
            let result = try await connection.query(
                "SELECT jsonb_array_length(attributes) AS length FROM home_assistant_events", deadline: .seconds(60))
            #expect(try result.first?.int("length") == count + 1)
        }
    }
}
