import BridgeCore
import Testing

@testable import Search

@Suite struct HouseTimeTests {
    @Test(arguments: [
        ("2026-11-21T21:14:48.110907+00:00", 3_600, "Sat 2026-11-21 22:14"),
        ("2026-11-21T23:30:00+00:00", 3_600, "Sun 2026-11-22 00:30"),
        ("2026-11-22T04:30:00+00:00", -18_000, "Sat 2026-11-21 23:30"),
        ("1969-12-31T23:59:59+00:00", 0, "Wed 1969-12-31 23:59"),
        ("1970-01-01T00:00:00+00:00", 20_700, "Thu 1970-01-01 05:45"),
    ])
    func showsTheClockOfTheHouse(time: String, offset: Int, expected: String) throws {
        let moment = try #require(Timestamp(iso8601: time))
        #expect(HouseTime.minute(moment, secondsFromUTC: offset) == expected)
    }

    @Test(arguments: [
        (3_600, "2026-11-21T22:14:48.110907+01:00"), (-12_600, "2026-11-21T17:44:48.110907-03:30"),
        (0, "2026-11-21T21:14:48.110907+00:00"),
    ])
    func writesTheOffsetBehindTheTime(offset: Int, expected: String) throws {
        let moment = try #require(Timestamp(iso8601: "2026-11-21T21:14:48.110907+00:00"))
        let text = HouseTime.iso8601(moment, secondsFromUTC: offset)
        #expect(text == expected)
        #expect(Timestamp(iso8601: text) == moment)
    }
}
