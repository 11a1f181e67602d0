import Foundation
import PostgresClient
import Testing
import TestSupport

/// What a real Home Assistant sent, sent again by the fake one: the table must hold exactly that, without its secrets.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct CaptureTests {
    @Test(arguments: CapturedFrames.releases)
    func aReplayedCaptureGivesExactlyTheRowsThatItsFramesHold(release: String) async throws {
        let recording = try CapturedFrames.load(release)
        // A capture has several connections with overlapping subscriptions: the same event may be in it more than once.
        let expected = Set(try recording.lines.flatMap { try ExpectedEvent.events(in: Self.withoutSecrets($0)) })
        #expect(expected.count > 3_000)
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url) }) { bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            let sent = fake.replay(recording)
            #expect(sent >= expected.count)
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events", toGive: expected.count, within: .seconds(60)))
            let first = try await storedEvents(bridge)
            #expect(first.count == expected.count)
            let missing = expected.subtracting(first)
            let invented = first.subtracting(expected)
            #expect(missing.isEmpty, "\(missing.prefix(3))")
            #expect(invented.isEmpty, "\(invented.prefix(3))")
            #expect(try await bridge.count("SELECT count(*) FROM home_assistant_dead_letters") == 0)

            // A second copy of everything changes nothing.
            let before = try await fingerprint(bridge)
            fake.replay(recording)
            fake.push(
                eventType: "after", json: #"{"event_type":"after","data":{},"time_fired":"2026-11-21T05:00:00+00:00"}"#)
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events WHERE event_type = 'after'", toGive: 1,
                    within: .seconds(60)))
            #expect(try await fingerprint(bridge) == before)
        }
    }

    /// The line with asterisks for the secrets that the captures have: tokens of zeros, and the code of an alarm.
    private static func withoutSecrets(_ line: [UInt8]) -> [UInt8] {
        func stars(_ text: Substring) -> String { String(repeating: "*", count: text.count) }
        let text = String(decoding: line, as: UTF8.self)
            .replacing(#/(token=|"access_token":")(0+)/#) { $0.1 + stars($0.2) }
            .replacing(#/("code":")(1234)"/#) { $0.1 + stars($0.2) + "\"" }
        return Array(text.utf8)
    }

    private func fingerprint(_ bridge: Bridge) async throws -> [[String?]] {
        try await bridge.rows(
            """
            SELECT count(*)::text, md5(string_agg(md5(row(id, event_type, entity_id, old_state, new_state, attributes,
                timestamp, value, source, context_id, context_parent_id, context_user_id)::text), '' ORDER BY id))
            FROM home_assistant_events WHERE event_type <> 'after'
            """)
    }

    private func storedEvents(_ bridge: Bridge) async throws -> Set<ExpectedEvent> {
        let rows = try await bridge.rows(
            """
            SELECT event_type, entity_id, old_state, new_state, attributes::text,
                to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'),
                context_id, context_parent_id, context_user_id
            FROM home_assistant_events
            """)
        return Set(
            try rows.map { row in
                let attributes = try row[4].map {
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSObject
                }
                return ExpectedEvent(
                    eventType: row[0] ?? "", entityID: row[1], oldState: row[2], newState: row[3],
                    attributes: attributes ?? nil, timestamp: row[5] ?? "", contextID: row[6], contextParentID: row[7],
                    contextUserID: row[8])
            })
    }
}
