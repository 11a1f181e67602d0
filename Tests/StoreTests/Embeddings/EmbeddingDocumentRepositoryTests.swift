import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct EmbeddingDocumentRepositoryTests {
    private func document(_ number: Int, _ connection: ConnectionID) -> StoredDocument {
        StoredDocument(
            key: KeyedEvent.key(number, connection), text: "The door “Küche” was opened", entityID: nil,
            kind: "binary_sensor/door", transition: "off>on", area: nil, dayPart: 4, polarity: 2)
    }

    @Test func comesBackAsItWasStoredAndOnlyOnce() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let all = (0..<1_200).map { document($0, home) }
            #expect(try await database.documents.insert(all + [all[3]]) == 1_200)
            var changed = all[0]
            changed.text = "Something else"
            #expect(try await database.documents.insert([changed, document(1_200, home)]) == 1)
            let read = try await database.documents.documents(of: [all[0].key, all[7].key, KeyedEvent.key(9_999, home)])
            #expect(Set(read) == [all[0], all[7]])
            #expect(try await database.documents.documents(of: []).isEmpty)
        }
    }

    @Test func textThatPostgreSQLCannotHoldIsMended() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            var odd = document(1, home)
            odd.text = "a\0b"
            odd.area = "\0"
            odd.entityID = String(repeating: "x", count: 300)
            #expect(try await database.documents.insert([odd]) == 1)
            let read = try #require(try await database.documents.documents(of: [odd.key]).first)
            #expect(read.text == "a\u{FFFD}b" && read.area == "\u{FFFD}" && read.entityID?.count == 255)
        }
    }

    @Test func oneOfAConnectionThatIsGoneIsLeftOut() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            #expect(try await database.documents.insert([document(1, ConnectionID()), document(1, home)]) == 1)
        }
    }

    @Test func onlyOldDocumentsThatNoEventHasAreDeleted() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let now = try #require(EventMonth(of: .now)).start
            _ = try await database.documents.insert((0..<20).map { document($0, home) })
            try await database.write(
                [KeyedEvent(connection: home, key: 0, timestamp: now)])
            try await database.embedAll()
            try await database.write([KeyedEvent(connection: home, key: 1, timestamp: now)])
            #expect(try await database.documents.deleteOrphans() == 0)
            try await database.session.execute(
                "UPDATE home_assistant_embedding_documents SET needed_at = now() - interval '8 days'")
            // An event needs this one again.
            #expect(try await database.documents.insert([document(2, home)]) == 0)
            #expect(try await database.documents.deleteOrphans(limit: 10) == 10)
            #expect(try await database.documents.deleteOrphans(limit: 10) == 7)
            let left = try await database.documents.documents(of: (0..<20).map { KeyedEvent.key($0, home) })
            #expect(Set(left.map(\.key)) == Set((0..<3).map { KeyedEvent.key($0, home) }))
        }
    }

    @Test func monthsAreThoseOfUTC() throws {
        let month = try #require(EventMonth(of: .sample))
        #expect(month.start.iso8601 == "2026-11-01T00:00:00.000000+00:00")
        #expect(month.end.iso8601 == "2026-12-01T00:00:00.000000+00:00")
        #expect(month.contains(month.start) && !month.contains(month.end) && month.contains(.sample))
        let before = try #require(EventMonth(of: month.start.adding(.microseconds(-1))))
        #expect(before.end == month.start && before < month)
        let silvester = try #require(Timestamp(iso8601: "2024-12-31T23:59:59Z"))
        #expect(EventMonth(of: silvester)?.end.iso8601.hasPrefix("2025-01-01") == true)
        #expect(EventMonth(of: Timestamp(microseconds: .max / 2)) == nil)
        #expect(EventMonth(of: Timestamp(microseconds: .min / 2)) == nil)
    }
}
