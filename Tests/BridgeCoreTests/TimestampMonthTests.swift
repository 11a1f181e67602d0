import BridgeCore
import Testing

@Suite struct TimestampMonthTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00+00:00", 0), ("1969-12-31T23:59:59.999999+00:00", -1), ("2026-11-21T08:00:00+00:00", 682),
        ("2026-11-30T23:59:59.999999+00:00", 682), ("2026-12-01T00:00:00+00:00", 683),
        ("2026-12-01T00:30:00+01:00", 682),
    ])
    func countsMonthsOnTheClockOfUTC(text: String, month: Int32) throws {
        #expect(try #require(Timestamp(iso8601: text)).monthsSince1970 == month)
    }

    @Test func knowsWhereEachMonthBegins() {
        for month in Int32(-30)...2_400 {
            let start = Timestamp(monthsSince1970: month)
            #expect(start.monthsSince1970 == month)
            #expect(Timestamp(microseconds: start.microseconds - 1).monthsSince1970 == month - 1)
        }
    }
}
