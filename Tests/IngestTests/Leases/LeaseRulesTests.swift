import Store
import Testing

@testable import Ingest

struct LeaseRulesTests {
    private let start = ContinuousClock.now
    private let timings = LeaseTimings(
        renewal: .seconds(3), expiry: .seconds(10), look: .seconds(2), patience: .seconds(10), calm: .seconds(5))

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test(arguments: [(1, 7, 7), (2, 7, 4), (3, 7, 3), (7, 7, 1), (9, 7, 1), (3, 0, 0), (0, 5, 5)])
    func theShareIsTheSmallestWithWhichAllAreHeld(bridges: Int, wanted: Int, share: Int) {
        let census = LeaseCensus(bridges: bridges, wanted: wanted)
        #expect(census.share == share)
        let rules = LeaseRules(timings: timings)
        #expect(rules.room(census, held: 0) == share)
        #expect(rules.room(census, held: share + 3) == 0)
    }

    @Test func aSurplusIsGivenUpOnlyWhenItLasts() {
        var rules = LeaseRules(timings: timings)
        let alone = LeaseCensus(bridges: 1, wanted: 6)
        let two = LeaseCensus(bridges: 2, wanted: 6)
        #expect(rules.surplus(two, active: 6, at: at(0)) == 0)
        #expect(rules.surplus(two, active: 6, at: at(9.9)) == 0)
        // The other one was gone for a moment: it starts anew.
        #expect(rules.surplus(alone, active: 6, at: at(9.95)) == 0)
        #expect(rules.surplus(two, active: 6, at: at(10)) == 0)
        #expect(rules.surplus(two, active: 6, at: at(19.9)) == 0)
        #expect(rules.surplus(two, active: 6, at: at(20)) == 3)
        // What is given up is no longer active.
        #expect(rules.surplus(two, active: 3, at: at(22)) == 0)
    }

    @Test func expiryIsTrustedOnlyWhenTheDatabaseHasAnsweredForAWhile() {
        var rules = LeaseRules(timings: timings)
        #expect(!rules.trustsExpiry(at: at(100)))
        rules.renewed(at: at(100))
        #expect(!rules.trustsExpiry(at: at(104.9)))
        rules.renewed(at: at(103))
        rules.renewed(at: at(106))
        #expect(rules.trustsExpiry(at: at(106)))
        // An outage of two minutes: every lease has run out, and each holder is to have its chance.
        rules.renewed(at: at(226))
        #expect(!rules.trustsExpiry(at: at(230)))
        rules.renewed(at: at(229))
        rules.renewed(at: at(232))
        #expect(rules.trustsExpiry(at: at(232)))
    }
}
