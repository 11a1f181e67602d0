import BridgeCore
import FoundationEssentials
import Testing

@testable import Search

@Suite struct HappeningGroupsTests {
    private let home = ConnectionID()

    private func result(
        _ second: Int64, _ text: String = "The door was opened.", entity: String? = "binary_sensor.door",
        connection: ConnectionID? = nil, score: Double = 0.5, occurrences: Int = 1
    ) -> SearchResult {
        SearchResult(
            eventID: EventID(), connection: connection ?? home, timestamp: Timestamp(microseconds: second * 1_000_000),
            entityID: entity, text: text, score: score, occurrences: occurrences)
    }

    private func groups(_ results: SearchResult...) -> [SearchResult] {
        var groups = HappeningGroups()
        for result in results { groups.add(result) }
        return groups.results
    }

    @Test func joinsEqualHappeningsUnderTheNewestOne() throws {
        let newest = result(300, score: 0.4, occurrences: 2)
        let found = groups(result(100, score: 0.6), result(200, "The door was closed."), newest)
        try #require(found.count == 2)
        #expect(found[0].eventID == newest.eventID)
        #expect(found[0].score == 0.6)
        #expect(found[0].occurrences == 3)
        #expect(found[0].otherTimes == [Timestamp(microseconds: 100_000_000)])
        #expect(found[1].text == "The door was closed.")
    }

    @Test func keepsEntitiesAndConnectionsApart() {
        let found = groups(
            result(1), result(2, entity: "binary_sensor.back_door"), result(3, connection: ConnectionID()),
            result(4, entity: nil))
        #expect(found.map(\.occurrences) == [1, 1, 1, 1])
    }

    @Test func namesAFewOfManyTimesNewestFirst() throws {
        var groups = HappeningGroups()
        for second in Int64(1)...20 { groups.add(result(second)) }
        let found = try #require(groups.results.first)
        #expect(found.occurrences == 20)
        #expect(found.timestamp == Timestamp(microseconds: 20_000_000))
        #expect(found.otherTimes.map { $0.microseconds / 1_000_000 } == [19, 18, 17, 16, 15])
    }
}
