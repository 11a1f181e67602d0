import ArgumentParser
import BridgeCore

/// A moment as people give it: how long ago (`2h`, `1d12h`), or a date and time (`2026-11-21`, `2026-11-21T08:30:00Z`).
enum MomentArgument: Equatable, Sendable {
    case ago(seconds: Int64)
    case at(Timestamp)

    /// The moment, counted from `now` where it is relative.
    func resolved(now: Timestamp) -> Timestamp {
        switch self {
        case .ago(let seconds): now.adding(seconds: -seconds)
        case .at(let time): time
        }
    }

    /// Ten thousand years in seconds: more than that is a slip of the hand, and would overflow microseconds.
    private static let longest: Int64 = 315_576_000_000

    /// Reads what a person typed; `nil` when it is neither a length nor a time. Times without a zone are UTC.
    init?(_ text: String) {
        if let seconds = Self.seconds(text) {
            self = .ago(seconds: seconds)
        } else if let time = Self.time(text) {
            self = .at(time)
        } else {
            return nil
        }
    }

    private static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty else { return nil }
        var total: Int64 = 0
        var number: Int64?
        for byte in text.utf8 {
            if (0x30...0x39).contains(byte) {
                let value = (number ?? 0) * 10 + Int64(byte - 0x30)
                guard value <= longest else { return nil }
                number = value
                continue
            }
            guard let count = number, let unit = unit(byte) else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit)
            guard !overflow, product <= longest - total else { return nil }
            total += product
            number = nil
        }
        // A bare number says nothing about its unit.
        return number == nil ? total : nil
    }

    private static func unit(_ byte: UInt8) -> Int64? {
        switch byte {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3_600
        case UInt8(ascii: "d"): 86_400
        case UInt8(ascii: "w"): 604_800
        default: nil
        }
    }

    private static func time(_ text: String) -> Timestamp? {
        // Completed from the most to the least that may be left out: time of day, seconds, zone.
        let zoned = [text, text + "Z", text + ":00Z", text + "T00:00:00Z"]
        if let time = zoned.lazy.compactMap({ Timestamp(iso8601: $0) }).first { return time }
        // `T08:30+02:00` leaves out the seconds before the zone.
        guard text.utf8.count >= 17 else { return nil }
        let cut = text.utf8.index(text.utf8.startIndex, offsetBy: 16)
        return Timestamp(iso8601: text[..<cut] + ":00" + text[cut...])
    }
}

extension MomentArgument: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }

    var defaultValueDescription: String {
        switch self {
        case .ago(let seconds): "\(seconds)s"
        case .at(let time): time.iso8601
        }
    }
}
