import BridgeCore
import Embedding
import FoundationEssentials
import Testing

@Suite struct ZoneRulesTests {
    struct Row: CustomTestStringConvertible {
        var zone: String
        var time: String
        var offset: Int
        var hour: Int
        var weekday: Int

        init(_ zone: String, _ time: String, _ offset: Int, hour: Int, weekday: Int) {
            self.zone = zone
            self.time = time
            self.offset = offset
            self.hour = hour
            self.weekday = weekday
        }

        var testDescription: String { "\(zone) \(time)" }
    }

    /// The second before and the second after a change, as Python's zoneinfo tells them.
    private static let rows: [Row] = [
        Row("Europe/Berlin", "2025-10-26T00:59:59", 7200, hour: 2, weekday: 6),
        Row("Europe/Berlin", "2025-10-26T01:00:00", 3600, hour: 2, weekday: 6),
        Row("Europe/Berlin", "2026-03-29T00:59:59", 3600, hour: 1, weekday: 6),
        Row("Europe/Berlin", "2026-03-29T01:00:00", 7200, hour: 3, weekday: 6),
        Row("Europe/Berlin", "2050-03-27T00:59:59", 3600, hour: 1, weekday: 6),
        Row("Europe/Berlin", "2050-03-27T01:00:00", 7200, hour: 3, weekday: 6),
        Row("Europe/Dublin", "2026-10-25T00:59:59", 3600, hour: 1, weekday: 6),
        Row("Europe/Dublin", "2026-10-25T01:00:00", 0, hour: 1, weekday: 6),
        Row("America/New_York", "2026-03-08T06:59:59", -18000, hour: 1, weekday: 6),
        Row("America/New_York", "2026-03-08T07:00:00", -14400, hour: 3, weekday: 6),
        Row("America/New_York", "2045-11-05T05:59:59", -14400, hour: 1, weekday: 6),
        Row("America/New_York", "2045-11-05T06:00:00", -18000, hour: 1, weekday: 6),
        Row("America/St_Johns", "2026-11-01T04:29:59", -9000, hour: 1, weekday: 6),
        Row("America/St_Johns", "2026-11-01T04:30:00", -12600, hour: 1, weekday: 6),
        Row("Australia/Sydney", "2026-04-04T15:59:59", 39600, hour: 2, weekday: 6),
        Row("Australia/Sydney", "2026-04-04T16:00:00", 36000, hour: 2, weekday: 6),
        Row("Australia/Sydney", "2048-10-03T15:59:59", 36000, hour: 1, weekday: 6),
        Row("Australia/Sydney", "2048-10-03T16:00:00", 39600, hour: 3, weekday: 6),
        Row("Australia/Lord_Howe", "2026-10-03T15:29:59", 37800, hour: 1, weekday: 6),
        Row("Australia/Lord_Howe", "2026-10-03T15:30:00", 39600, hour: 2, weekday: 6),
        Row("Asia/Kolkata", "2025-12-31T23:59:59", 19800, hour: 5, weekday: 3),
        Row("Asia/Kolkata", "2026-01-01T00:00:00", 19800, hour: 5, weekday: 3),
        Row("Asia/Tokyo", "2026-11-20T14:59:59", 32400, hour: 23, weekday: 4),
        Row("Asia/Tokyo", "2026-11-20T15:00:00", 32400, hour: 0, weekday: 5),
        Row("Pacific/Auckland", "2026-09-26T13:59:59", 43200, hour: 1, weekday: 6),
        Row("Pacific/Auckland", "2026-09-26T14:00:00", 46800, hour: 3, weekday: 6),
        Row("Etc/GMT+5", "2025-12-31T23:59:59", -18000, hour: 18, weekday: 2),
        Row("Etc/GMT+5", "2026-01-01T00:00:00", -18000, hour: 19, weekday: 2),
    ]

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"), "needs the package tzdata"),
        arguments: rows)
    func followsDaylightSaving(row: Row) throws {
        let rules = ZoneRules(named: row.zone)
        let time = try #require(Timestamp(iso8601: row.time + "+00:00"))
        #expect(!rules.isUnknown)
        #expect(rules.secondsFromUTC(at: time) == row.offset)
        let local = rules.hourAndWeekday(at: time)
        #expect(local.hour == row.hour)
        #expect(local.weekday == row.weekday)
    }

    @Test(arguments: [
        "Europe/Atlantis", "", "../../etc/passwd", "/etc/passwd", "Europe", "Europe/Berlin/", "tzdata.zi", "a\0b",
    ])
    func takesUTCForAnUnknownName(name: String) {
        let rules = ZoneRules(named: name)
        #expect(rules.isUnknown)
        #expect(rules.secondsFromUTC(at: Timestamp(microseconds: 0)) == 0)
    }

    @Test func takesUTCWhereNoNameIsKnown() {
        #expect(!ZoneRules(named: nil).isUnknown)
        #expect(ZoneRules(named: "UTC").secondsFromUTC(at: Timestamp(microseconds: 1)) == 0)
        #expect(ZoneRules(named: nil).hourAndWeekday(at: Timestamp(microseconds: -1)) == (23, 2))
    }

    /// A file of version 2 whose only offsets come from its rule.
    private static func file(rule: String) -> [UInt8] {
        func block(_ version: UInt8) -> [UInt8] {
            var bytes: [UInt8] = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
            for count: UInt8 in [0, 0, 0, 0, 1, 4] { bytes += [0, 0, 0, count] }
            return bytes + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        }
        return block(0x32) + block(0x32) + [0x0A] + Array(rule.utf8) + [0x0A]
    }

    private static let rules: [(rule: String, january: Int?, july: Int?)] = [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 3_600, 7_200), ("<+0330>-3:30", 12_600, 12_600),
        ("EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 39_600, 36_000), ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3_600),
        ("XXX3YYY,J60/0,J300/0", -10_800, -7_200), ("XXX3YYY2:30,59,300/-1", -10_800, -9_000), ("", 0, 0),
        ("CET-1CEST,M13.5.0,M10.5.0", 0, 0),
        ("CET-999999999999999999999", 0, 0), ("CET-1CEST,M3.5.0", 0, 0),
    ]

    @Test(arguments: rules) func readsTheRuleForTheFuture(rule: String, january: Int?, july: Int?) throws {
        let rules = try #require(ZoneRules(zoneFile: Self.file(rule: rule)))
        let winter = try #require(Timestamp(iso8601: "2060-01-15T12:00:00+00:00"))
        let summer = try #require(Timestamp(iso8601: "2060-07-15T12:00:00+00:00"))
        #expect(rules.secondsFromUTC(at: winter) == january)
        #expect(rules.secondsFromUTC(at: summer) == july)
    }

    @Test func refusesWhatIsNoZoneFile() {
        let file = Self.file(rule: "CET-1")
        for length in 0..<file.count - 7 { #expect(ZoneRules(zoneFile: Array(file.prefix(length))) == nil) }
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next() as UInt64
        print("Seed of the damage: \(seed)")
        var damage = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            var bytes = file
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &damage)] = UInt8.random(in: .min ... .max, using: &damage)
            }
            // Whatever it says, it does not crash.
            _ = ZoneRules(zoneFile: bytes)?.secondsFromUTC(at: Timestamp(microseconds: 1_800_000_000_000_000))
        }
    }
}
