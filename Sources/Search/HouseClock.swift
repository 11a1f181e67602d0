import BridgeCore
import Embedding

/// The clock of a house, by the zone that Home Assistant names.
package struct HouseClock: LocalClock {
    private let rules: ZoneRules
    /// The name of the zone whose clock it is.
    package let zone: String

    /// The clock of an IANA zone; that of UTC for `nil` and for a name that this machine does not know.
    package init(zone name: String?) {
        rules = ZoneRules(named: name)
        zone = rules.isUnknown ? "UTC" : name ?? "UTC"
    }

    package func secondsFromUTC(at moment: Timestamp) -> Int { rules.secondsFromUTC(at: moment) }

    /// Whether it is Saturday or Sunday.
    package func isWeekend(at moment: Timestamp) -> Bool { rules.hourAndWeekday(at: moment).weekday >= 5 }
}
