import BridgeCore
import Testing

@testable import BridgeCommand

@Suite struct MomentArgumentTests {
    private static let lengths: [(String, Int64)] = [
        ("45s", 45), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("2w", 1_209_600), ("1d12h", 129_600),
        ("1h30m15s", 5_415), ("0s", 0), ("520w", 314_496_000),
    ]

    @Test(arguments: lengths) func readsLengthOfTime(_ text: String, _ seconds: Int64) throws {
        #expect(MomentArgument(text) == .ago(seconds: seconds))
        let now = Timestamp(microseconds: 1_763_700_000_000_000)
        #expect(MomentArgument(text)?.resolved(now: now) == now.adding(seconds: -seconds))
    }

    private static let times: [(String, String)] = [
        ("2026-11-21", "2026-11-21T00:00:00.000000+00:00"),
        ("2026-11-21T08:30", "2026-11-21T08:30:00.000000+00:00"),
        ("2026-11-21 08:30", "2026-11-21T08:30:00.000000+00:00"),
        ("2026-11-21T08:30:15", "2026-11-21T08:30:15.000000+00:00"),
        ("2026-11-21T08:30:15.25", "2026-11-21T08:30:15.250000+00:00"),
        ("2026-11-21T08:30:15Z", "2026-11-21T08:30:15.000000+00:00"),
        ("2026-11-21T08:30Z", "2026-11-21T08:30:00.000000+00:00"),
        ("2026-11-21T08:30+02:00", "2026-11-21T06:30:00.000000+00:00"),
        ("2026-11-21T08:30:15.110907+00:00", "2026-11-21T08:30:15.110907+00:00"),
        ("2024-02-29", "2024-02-29T00:00:00.000000+00:00"),
    ]

    @Test(arguments: times) func readsDateAndTimeAsUTCUnlessItNamesAZone(_ text: String, _ time: String) {
        #expect(MomentArgument(text) == Timestamp(iso8601: time).map { .at($0) })
        #expect(Timestamp(iso8601: time) != nil)
    }

    @Test(arguments: [
        "", "2", "h", "2x", "-2h", "2h3", "2 h", "1.5h", "yesterday", "2026-13-01", "2026-02-30", "2026-11-21T25:00",
        "21.11.2026", "99999999999999999999s", "999999999w", "2026", "２h",
    ]) func refusesWhatIsNeither(_ text: String) { #expect(MomentArgument(text) == nil) }
}
