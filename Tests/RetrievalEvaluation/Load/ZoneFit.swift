import BridgeCore
import Foundation

/// Finds the time zone of a home from what its clock showed.
enum ZoneFit {
    /// A moment, and how many seconds local time was ahead of UTC then.
    struct Reading: Hashable, Sendable {
        var time: Timestamp
        var offset: Int
    }

    /// The first of `names` whose offset fits every reading; `nil` when none does.
    ///
    /// `offset` says how far a zone is ahead of UTC at a moment, or `nil` for a zone that it does not know.
    static func zone(
        of readings: [Reading], among names: [String], offset: (String) -> ((Timestamp) -> Int)?
    ) -> String? {
        // Zones change their offset on the hour at most, so one reading an hour is enough.
        let hours = Dictionary(readings.map { ($0.time.microseconds / 3_600_000_000, $0) }) { first, _ in first }
        let probes = hours.sorted { $0.key < $1.key }.map(\.value)
        return names.first { name in
            guard let offset = offset(name) else { return false }
            return probes.allSatisfy { offset($0.time) == $0.offset }
        }
    }

    /// The names of the zones that this machine knows, UTC first.
    static func systemNames(directory: String = "/usr/share/zoneinfo") -> [String] {
        let table = (try? String(contentsOfFile: directory + "/zone1970.tab", encoding: .utf8)) ?? ""
        let places = table.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { line in line.split(separator: "\t").dropFirst(2).first.map(String.init) }
        return ["UTC"] + places
    }
}
