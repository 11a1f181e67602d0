import Testing

@testable import Automation

@Suite struct ApprovalAssessmentTests {
    private static func lines(_ json: String, _ title: String) -> [String]? {
        ApprovalAssessment(json: json).sections.first { $0.title == title }?.lines
    }

    @Test func saysTheReplayInSentences() {
        let replay = #"""
            {"backtest": {"from": "2026-11-20T00:00:00Z", "until": "2026-11-22T00:00:00Z", "days": 2.0, "count": 5,
            "blocked_by_conditions": 1, "busiest_day": 3, "per_day": 2.5, "examples": ["2026-11-21T08:00:00Z"],
            "not_replayed": ["Only the newest 9 events were replayed."]}}
            """#
        #expect(
            Self.lines(replay, "On the stored events") == [
                "In 2 days of them it would have begun 5 times.", "On its busiest day it would have begun 3 times.",
                "Its conditions would have held it back once.", "examples: 2026-11-21T08:00:00Z",
                "not replayed: Only the newest 9 events were replayed.",
            ])
        let none = #"{"backtest": {"days": 0.5, "count": 0, "blocked_by_conditions": 0, "busiest_day": 0}}"#
        #expect(
            Self.lines(none, "On the stored events") == ["In 0.5 days of them it would have begun 0 times."])
    }

    @Test func saysWhatItTouchesWithoutIdsAndWithoutWhatIsNotSo() {
        let facts = #"""
            {"facts": {"devices": ["a7095e322c010feb63eb4d3a52fcf7d2"], "domains": ["lock"], "entities": [],
            "unknown_entities": true, "unknown_services": false}}
            """#
        #expect(
            Self.lines(facts, "What it touches") == [
                "On which entities it acts shows in part only when it runs.", "devices: 1", "domains: lock",
            ])
    }

    @Test func showsWhatItDoesNotKnowAndNothingOfNothing() {
        #expect(Self.lines(#"{"weather": "rain", "wind": null}"#, "More") == ["weather: rain"])
        for json in [nil, "", "[]", "{}", #"{"facts": {}, "reasons": []}"#] {
            #expect(ApprovalAssessment(json: json).sections.isEmpty)
        }
    }
}
