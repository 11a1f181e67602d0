import BridgeCore

/// Writes moments as a clock in the house shows them.
package enum HouseTime {
    /// `Sat 2026-11-21 22:14`.
    package static func minute(_ time: Timestamp, secondsFromUTC: Int) -> String {
        let local = time.adding(seconds: Int64(secondsFromUTC))
        let text = local.iso8601
        return "\(weekday(local)) \(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
    }

    /// RFC 3339 with the offset of the house: `2026-11-21T22:14:48.110907+01:00`.
    package static func iso8601(_ time: Timestamp, secondsFromUTC: Int) -> String {
        // Offsets of seconds belong to the nineteenth century and have no place in the format.
        let minutes = secondsFromUTC / 60
        let local = time.adding(seconds: Int64(minutes * 60))
        func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let size = abs(minutes)
        return "\(local.iso8601.prefix(26))\(minutes < 0 ? "-" : "+")\(pad(size / 60)):\(pad(size % 60))"
    }

    private static func weekday(_ local: Timestamp) -> String {
        let day = Int64(86_400_000_000)
        let rest = local.microseconds % day
        let days = (local.microseconds - (rest < 0 ? rest + day : rest)) / day
        // The first of January 1970 was a Thursday.
        let index = (days + 3) % 7
        return ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][Int(index < 0 ? index + 7 : index)]
    }
}
