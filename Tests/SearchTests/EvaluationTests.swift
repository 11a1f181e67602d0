import BridgeCore
import Embedding
import Foundation
import Testing

@testable import retrieval_eval

@Suite struct EvaluationTests {
    @Test func findsTheZoneThroughTheEndOfDaylightSaving() throws {
        // Central European Time began on 2025-10-26 at 1 o'clock UTC, that of Britain at the same moment, an hour behind.
        let summer = try #require(Timestamp(iso8601: "2025-10-26T00:59:59Z"))
        let winter = try #require(Timestamp(iso8601: "2025-10-26T01:00:00Z"))
        func zone(_ readings: [(Timestamp, Int)]) -> String? {
            ZoneFit.zone(
                of: readings.map { ZoneFit.Reading(time: $0.0, offset: $0.1) },
                among: ["UTC", "Africa/Johannesburg", "Europe/London", "Europe/Berlin", "No/Such_Place"]
            ) { name in
                let rules = ZoneRules(named: name)
                return rules.isUnknown ? nil : { rules.secondsFromUTC(at: $0) }
            }
        }
        #expect(zone([(summer, 7_200), (winter, 3_600)]) == "Europe/Berlin")
        #expect(zone([(summer, 7_200), (winter, 7_200)]) == "Africa/Johannesburg")
        #expect(zone([(summer, 3_600), (winter, 0)]) == "Europe/London")
        #expect(zone([(summer, 0), (winter, 0)]) == "UTC")
        #expect(zone([(summer, 900)]) == nil)
    }

    @Test func readsAFolderWithoutItsTruth() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: directory.appending(path: name))
        }
        try write(
            "homeX_entities.jsonl",
            """
            {"entity_id": "light.a", "domain": "light", "friendly_name": "Lampe", "area": "Flur", "device_class": null, "tags": ["t"]}
            """)
        try write(
            "homeX_events.jsonl",
            """
            {"id": "1", "event_type": "tag_scanned", "entity_id": null, "attributes": {}, "timestamp": "2025-10-06T00:00:00Z"}

            """)
        try write(
            "queries_b.jsonl",
            """
            {"qid": "Q1", "home": "X", "text": "lamp on"}
            {"qid": "Q2", "home": "Y", "text": "lamp off"}
            """)
        try write("mlt_b.jsonl", "{\"qid\": \"M1\", \"home\": \"X\", \"event_id\": \"1\", \"event_index\": 0}")
        let folder = try BenchmarkFolder(path: directory.path)
        #expect(try folder.entities(of: "X") == [.init(entityID: "light.a", name: "Lampe", area: "Flur")])
        #expect(try folder.events(of: "X").map(\.id) == ["1"])
        #expect(try folder.files("queries_") == ["queries_b.jsonl"])
        #expect(try folder.textQueries(in: "queries_b.jsonl", home: "X") == [.init(id: "Q1", text: "lamp on")])
        #expect(try folder.similarQueries(in: "mlt_b.jsonl", home: "X") == [.init(id: "M1", eventID: "1")])
        #expect(throws: EvaluationError.self) { try folder.events(of: "Y") }
        try write("homeX_events.jsonl", "{\"id\": \"1\"}")
        #expect(throws: EvaluationError.self) { try folder.events(of: "X") }
    }

    @Test func writesAtMostTwentyIdsALine() {
        var run = RankedRun()
        run.add("A\"1", (0..<30).map { "e\($0)" })
        run.add("B", [])
        let lines = run.text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix(#"{"qid":"A\"1","ids":["e0","e1","#) && lines[0].hasSuffix(#""e19"]}"#))
        #expect(lines[1] == #"{"qid":"B","ids":[]}"#)
    }

    @Test func readsTheFiguresOfTheScript() {
        let better = Scores(
            output: """
                queries_public.jsonl                           n= 124 nDCG@10 0.767 recall@20 0.760 MRR 0.790
                mlt_public.jsonl cross-entity                  n=  40 nDCG@10 0.970 recall@20 0.930 MRR 0.980
                something else
                """)
        #expect(better.lines.map(\.name) == ["queries_public.jsonl", "mlt_public.jsonl cross-entity"])
        #expect(better.lines.map(\.nDCG) == [0.767, 0.97])
        var worse = better
        worse.lines[1].nDCG = 0.95
        #expect(abs(worse.greatestLoss(against: better) - 0.02) < 1e-9)
        #expect(better.greatestLoss(against: better) == 0)
    }

    @Test func comparesExactlyAndPutsTheNewerOfEqualsFirst() {
        func unit(_ place: Int) -> [Float] { (0..<embeddingDimensions).map { $0 == place ? 1 : 0 } }
        func event(_ id: String, _ second: Int64, _ vector: Int) -> ExactIndex.Event {
            ExactIndex.Event(
                id: id, entityID: "light.\(vector)", timestamp: Timestamp(microseconds: second), order: id,
                vector: vector)
        }
        let index = ExactIndex(
            vectors: [unit(0), unit(1), unit(0)],
            events: [event("a", 1, 0), event("b", 9, 1), event("c", 3, 0), event("d", 2, 2)])
        var query = unit(0)
        query[1] = 0.5
        #expect(index.nearest(query, limit: 10).map(\.id) == ["c", "d", "a", "b"])
        #expect(index.nearest(query, limit: 2).map(\.id) == ["c", "d"])
        #expect(index.nearest(query, limit: 10) { $0.entityID == "light.0" }.map(\.id) == ["d", "b"])
    }

    @Test func percentilesAreValuesThatWereMeasured() {
        var durations = Durations()
        #expect(durations.percentile(0.95) == 0)
        for milliseconds in 1...100 { durations.add(.milliseconds(milliseconds)) }
        #expect(durations.percentile(0.5) == 50)
        #expect(durations.percentile(0.95) == 95)
        #expect(durations.percentile(1) == 100)
        #expect(durations.mean == 50.5)
    }
}
