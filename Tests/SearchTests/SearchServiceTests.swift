import BridgeConcurrency
import BridgeCore
import Embedding
import Foundation
import Ingest
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Search
@testable import retrieval_eval

/// The whole way of an event, from its frame to a result, with a real PostgreSQL and without a model.
@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct SearchServiceTests {
    /// A home of two rooms in Berlin, in the autumn of 2025.
    private struct Home {
        let pool: PostgresPool
        let connection: ConnectionID
        /// Our ids by name.
        let ids: [String: EventID]
        let service: SearchService
    }

    /// Monday, 20 October 2025, half past six in the evening in Berlin.
    private static let monday = "2025-10-20T16:30:00+00:00"

    private static func event(
        _ id: String, _ entity: String, _ old: String, _ new: String, _ name: String, deviceClass: String? = nil,
        at time: String
    ) -> String {
        let kind = deviceClass.map { ", \"device_class\": \"\($0)\"" } ?? ""
        return """
            {"id": "\(id)", "event_type": "state_changed", "entity_id": "\(entity)", "old_state": "\(old)", "new_state": \
            "\(new)", "attributes": {"friendly_name": "\(name)"\(kind)}, "old_attributes": {}, "prev_duration_s": 5, \
            "timestamp": "\(time)", "local_time": "\(time)"}
            """
    }

    private static let lines: [String] = {
        let door = "binary_sensor.front_door"
        var lines: [String] = []
        // Five days, at the same times: the door in the evening, the lamp late.
        for day in 16...20 {
            lines += [
                event(
                    "open\(day)", door, "off", "on", "Front Door", deviceClass: "door",
                    at: "2025-10-\(day)T16:00:00+00:00"),
                event(
                    "shut\(day)", door, "on", "off", "Front Door", deviceClass: "door",
                    at: "2025-10-\(day)T16:00:05+00:00"),
                event("lamp\(day)", "light.desk", "off", "on", "Desk Lamp", at: "2025-10-\(day)T21:00:00+00:00"),
                event(
                    "back\(day)", "binary_sensor.back", "off", "on", "Back Door", deviceClass: "door",
                    at: "2025-10-\(day)T15:30:00+00:00"),
            ]
        }
        return lines
    }()

    private func withHome(isEmbedded: Bool = true, _ body: (Home) async throws -> Void) async throws {
        try await TestDatabase.withSchema { database in
            let pool = PostgresPool(database.configuration.taking(.writer), size: 3, logger: database.logger)
            do {
                try await body(try await fill(pool, isEmbedded: isEmbedded))
                await pool.close()
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    private func fill(_ pool: PostgresPool, isEmbedded: Bool) async throws -> Home {
        let directory = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let entities = """
            {"entity_id": "binary_sensor.front_door", "friendly_name": "Front Door", "area": "Hallway", "device_class": "door"}
            {"entity_id": "light.desk", "friendly_name": "Desk Lamp", "area": "Office", "device_class": null}
            """
        try Data(entities.utf8).write(to: directory.appending(path: "homeX_entities.jsonl"))
        try Data(Self.lines.joined(separator: "\n").utf8).write(to: directory.appending(path: "homeX_events.jsonl"))
        let loaded = try await HomeLoader(pool: pool).load(try BenchmarkFolder(path: directory.path), home: "X")
        #expect(loaded.events == Self.lines.count)
        try await pool.withConnection { session in
            _ = try await session.query("UPDATE home_assistant_connections SET time_zone = 'Europe/Berlin'")
        }
        if isEmbedded {
            let vectors = DocumentVectors(encoder: nil)
            _ = try await EmbeddingWorker(
                exemplars: ExemplarRepository(pool), version: vectors.version, metrics: MetricsRegistry(),
                logger: TestDatabase.quietLogger, embed: { vectors.vectors(of: $0) }
            ).drain()
        }
        return Home(
            pool: pool, connection: loaded.connection, ids: loaded.ids,
            service: SearchService(pool: pool, encoder: nil))
    }

    private func search(
        _ home: Home, _ text: String, _ scope: SearchScope = SearchScope(), now: String = Self.monday
    ) async throws -> SearchAnswer {
        try await home.service.search(
            SearchRequest(text: text, scope: scope), now: try #require(Timestamp(iso8601: now)))
    }

    @Test func equalHappeningsAreOneResultWithTheNewestTime() async throws {
        try await withHome { home in
            let answer = try await search(home, "front door opened")
            let first = try #require(answer.results.first)
            #expect(first.entityID == "binary_sensor.front_door")
            #expect(first.area == "Hallway")
            #expect(first.newState == "on")
            // The parts of the day have vectors of their own; a person sees one happening.
            #expect(first.occurrences == 5)
            #expect(first.eventID == home.ids["open20"])
            #expect(first.otherTimes.count == 4)
            #expect(first.otherTimes == first.otherTimes.sorted(by: >))
            #expect(HouseTime.minute(first.timestamp, secondsFromUTC: first.secondsFromUTC) == "Mon 2025-10-20 18:00")
            #expect(answer.results.filter { $0.text == first.text && $0.entityID == first.entityID }.count == 1)
            #expect(answer.pendingEvents == 0)
        }
    }

    @Test func eachListsEveryEventNewestFirst() async throws {
        try await withHome { home in
            let answer = try await search(
                home, "desk lamp turned on", SearchScope(limit: 20, listsEachEvent: true))
            let lamps = answer.results.filter { $0.entityID == "light.desk" }
            #expect(lamps.count == 5)
            #expect(lamps.allSatisfy { $0.occurrences == 1 })
            #expect(answer.results.first?.entityID == "light.desk")
            #expect(Set(answer.results.map(\.eventID)).count == answer.results.count)
        }
    }

    @Test func aPeriodInTheQuestionGoesByTheClockOfTheHouse() async throws {
        try await withHome { home in
            let answer = try await search(home, "front door opened yesterday")
            #expect(answer.periodIsFromQuestion)
            #expect(answer.since == Timestamp(iso8601: "2025-10-18T22:00:00Z"))
            #expect(answer.until == Timestamp(iso8601: "2025-10-19T22:00:00Z"))
            #expect(answer.results.first?.eventID == home.ids["open19"])
            #expect(answer.results.first?.occurrences == 1)
            // What the options say wins.
            let explicit = try await search(
                home, "front door opened yesterday",
                SearchScope(
                    since: Timestamp(iso8601: "2025-10-17T00:00:00Z"),
                    until: Timestamp(iso8601: "2025-10-18T00:00:00Z")))
            #expect(!explicit.periodIsFromQuestion)
            #expect(explicit.results.first?.eventID == home.ids["open17"])
        }
    }

    /// The 18th and 19th were Saturday and Sunday.
    @Test func keepsToTheDaysOfTheWeekThatTheQuestionNames() async throws {
        try await withHome { home in
            for (kind, isWeekend, newest, times) in [
                ("at the weekend", true, "open19", 2), ("on weekdays", false, "open20", 3),
            ] {
                let answer = try await search(home, "front door opened \(kind)")
                #expect(answer.isWeekend == isWeekend)
                #expect(answer.results.first?.eventID == home.ids[newest], "\(kind)")
                #expect(answer.results.first?.occurrences == times, "\(kind)")
                #expect(answer.results.first?.otherTimes.count == times - 1, "\(kind)")
            }
            let narrow = try await search(
                home, "front door opened at the weekend",
                SearchScope(since: Timestamp(iso8601: "2025-10-17T00:00:00Z")))
            #expect(narrow.results.first?.eventID == home.ids["open19"])
            #expect(narrow.results.allSatisfy { $0.timestamp >= (Timestamp(iso8601: "2025-10-17T22:00:00Z") ?? .now) })
        }
    }

    @Test func filtersByEntityAndLeavesOutTheEntityOfTheEvent() async throws {
        try await withHome { home in
            let lights = try await search(home, "door opened", SearchScope(entity: "light.*"))
            #expect(!lights.results.isEmpty)
            #expect(lights.results.allSatisfy { $0.entityID == "light.desk" })
            let event = try #require(home.ids["open20"])
            let alike = try await home.service.similar(to: event, scope: SearchScope(listsEachEvent: true))
            #expect(alike.results.first?.entityID == "binary_sensor.front_door")
            #expect(!alike.results.contains { $0.eventID == event })
            let others = try await home.service.similar(
                to: event, scope: SearchScope(limit: 3, listsEachEvent: true, leavesOutSameEntity: true))
            #expect(others.results.count == 3)
            #expect(others.results.allSatisfy { $0.entityID == "binary_sensor.back" })
        }
    }

    @Test func saysWhatWaitsAndWhatIsNotThere() async throws {
        try await withHome(isEmbedded: false) { home in
            let answer = try await search(home, "front door opened")
            #expect(answer.results.isEmpty)
            #expect(answer.pendingEvents == Self.lines.count)
            let waiting = try #require(home.ids["open20"])
            await #expect(throws: SearchError(.notEmbedded(waiting))) { try await home.service.similar(to: waiting) }
            let unknown = EventID()
            await #expect(throws: SearchError(.unknownEvent(unknown))) { try await home.service.similar(to: unknown) }
        }
    }

    @Test func aQuestionWithoutWordsHasNoAnswer() async throws {
        try await withHome(isEmbedded: false) { home in
            for text in ["", "  ", "???"] {
                await #expect(throws: SearchError(.emptyQuestion)) { try await search(home, text) }
            }
        }
    }

    @Test func theSameAnswerComesFromMemory() async throws {
        try await withHome { home in
            let names = Dictionary(uniqueKeysWithValues: home.ids.map { ($0.value, $0.key) })
            let loaded = HomeLoader.Report(
                connection: home.connection, timeZone: "Europe/Berlin", newest: Timestamp(iso8601: Self.monday),
                folderIDs: names, ids: home.ids)
            let directory = FileManager.default.temporaryDirectory.appending(path: "queries-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let queries = """
                {"qid": "1", "home": "X", "text": "someone opened the front door"}
                {"qid": "2", "home": "X", "text": "lamp in the office at night"}
                {"qid": "3", "home": "X", "text": "back door yesterday"}
                """
            try Data(queries.utf8).write(to: directory.appending(path: "queries_t.jsonl"))
            try Data("{\"qid\": \"M\", \"home\": \"X\", \"event_id\": \"open20\"}".utf8)
                .write(to: directory.appending(path: "mlt_t.jsonl"))
            let folder = try BenchmarkFolder(path: directory.path)
            let stored = try await QueryRunner(service: home.service, loaded: loaded).ask(folder, home: "X")
            let exact = try await ExactRunner(pool: home.pool, encoder: nil, loaded: loaded).ask(folder, home: "X")
            #expect(stored.run.lines.map(\.query) == ["1", "2", "3", "M", "M.cross"])
            // Sums of the same numbers in another order may change places of what is as near as can be.
            #expect(stored.run.overlap(with: exact.run, first: 5) >= 0.8)
            #expect(stored.run.lines.map(\.ids.first) == exact.run.lines.map(\.ids.first))
        }
    }
}
