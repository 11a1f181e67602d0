import BridgeCore
import Testing

@testable import BridgeCommand

@Suite struct TimeTextTests {
    @Test(arguments: [
        (Duration.zero, "0 s"), (.milliseconds(1), "1 s"), (.milliseconds(58_001), "59 s"), (.seconds(60), "1 min"),
        (.seconds(3_599), "59 min"), (.milliseconds(3_599_001), "1 h 0 min"), (.seconds(7_500), "2 h 5 min"),
        (.seconds(1_000_000_000), "277777 h 46 min"),
    ])
    func whatIsLeftIsSaidRoughly(duration: Duration, text: String) {
        #expect(TimeText.rough(duration) == text)
    }

    @Test(arguments: [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (1_399, "1.3 s"), (61_000, "61.0 s")])
    func shortLengths(milliseconds: Int, text: String) {
        #expect(TimeText.short(.milliseconds(milliseconds)) == text)
    }

    @Test func wholeMilliseconds() {
        #expect(TimeText.milliseconds(.microseconds(2_999)) == 2)
    }

    private static let ages: [(Int64, String)] = [
        (0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7_200, "2 h ago"), (86_400, "24 h ago"),
        (172_800, "2 days ago"), (-5, "0 s ago"),
    ]

    @Test(arguments: ages) func tellsRoughlyHowLongAgo(_ seconds: Int64, _ text: String) {
        let now = Timestamp(microseconds: 1_763_683_200_000_000)
        #expect(TimeText.ago(now.adding(seconds: -seconds), now: now) == text)
    }
}
