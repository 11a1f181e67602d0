import BridgeCore
import Search
import Testing

@testable import BridgeCommand

@Suite struct SearchPrinterTests {
    private let home = ConnectionID()

    private func result(_ text: String, area: String? = "Hallway", connection: ConnectionID? = nil) throws
        -> SearchResult
    {
        SearchResult(
            eventID: try #require(EventID("0198a3f2-7b11-8c44-9d55-0123456789ab")), connection: connection ?? home,
            connectionName: "home", timestamp: try #require(Timestamp(iso8601: "2026-11-21T21:14:48Z")),
            secondsFromUTC: 3_600, entityID: "binary_sensor.front_door", area: area, text: text, score: 0.4567,
            occurrences: 12)
    }

    @Test(
        arguments: [
            (
                "The door sensor \"Front Door\" in Hallway was opened.", "Hallway",
                "door sensor \"Front Door\" was opened"
            ),
            (
                "The door sensor \"Door in Hallway x\" was opened.", "Hallway",
                "door sensor \"Door in Hallway x\" was opened"
            ),
            ("An automation ran", nil, "An automation ran"),
            ("", "Hallway", ""),
        ] as [(String, String?, String)])
    func leavesOutWhatOtherColumnsSay(text: String, area: String?, expected: String) throws {
        #expect(SearchPrinter.what(try result(text, area: area)) == expected)
    }

    @Test func aNarrowTerminalShowsNoIds() throws {
        let lines = SearchPrinter.table([try result("The door was opened.")], columns: 80)
            .lines(terminal: .init(columns: 80))
        #expect(
            lines == [
                "WHEN                  AREA     WHAT             TIMES  SCORE",
                "Sat 2026-11-21 22:14  Hallway  door was opened     12   0.46",
            ])
    }

    @Test func aFileGetsEntitiesIdsAndConnections() throws {
        let lines = SearchPrinter.table(
            [try result("The door was opened."), try result("The door was closed.", connection: ConnectionID())],
            columns: nil
        ).lines(terminal: .none)
        #expect(
            lines[0].split(separator: " ").map(String.init)
                == ["WHEN", "CONNECTION", "AREA", "ENTITY", "WHAT", "TIMES", "SCORE", "EVENT"])
        #expect(
            lines[1].contains("binary_sensor.front_door") && lines[1].hasSuffix("0198a3f2-7b11-8c44-9d55-0123456789ab"))
    }

    @Test func saysWhatWasNotSearched() throws {
        let answer = SearchAnswer(results: [try result("x")], pendingEvents: 3)
        let remarks = SearchPrinter.remarks(answer, "No model is installed.", isTerminal: true)
        #expect(remarks.count == 3)
        #expect(remarks[0].hasPrefix("3 events wait for their vectors"))
        #expect(remarks[1] == "No model is installed.")
        #expect(remarks[2] == "More like the first: ha-bridge similar 0198a3f2-7b11-8c44-9d55-0123456789ab")
        #expect(SearchPrinter.remarks(SearchAnswer(results: []), isTerminal: true).isEmpty)
    }

    @Test func saysWhichPeriodTheQuestionNamed() throws {
        let answer = SearchAnswer(
            results: [try result("x")], since: Timestamp(iso8601: "2026-11-20T23:00:00Z"),
            until: Timestamp(iso8601: "2026-11-21T23:00:00Z"), sinceSecondsFromUTC: 3_600, untilSecondsFromUTC: 7_200,
            periodIsFromQuestion: true)
        #expect(
            SearchPrinter.remarks(answer, isTerminal: false)
                == ["Searched from Sat 2026-11-21 00:00 to Sun 2026-11-22 01:00."])
    }

    @Test(arguments: [(0.4567, "0.46"), (1, "1.00"), (-0.001, "0.00"), (-0.25, "-0.25"), (0.004, "0.00")])
    func scoresHaveTwoDigits(score: Double, expected: String) { #expect(SearchPrinter.score(score) == expected) }
}
