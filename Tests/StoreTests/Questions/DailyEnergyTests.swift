import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// What meters counted on each day, against a count of every reading.
@Suite(.needsPostgres) struct DailyEnergyTests {
    private struct Meter {
        var entity: String
        var stateClass: String?
        var unit: String?
        /// What makes kilowatt-hours of it; `nil` where it is none of energy.
        var factor: Double?
    }

    private static let meters = [
        Meter(entity: "sensor.house", stateClass: "total_increasing", unit: "kWh", factor: 1),
        Meter(entity: "sensor.washer", stateClass: "total_increasing", unit: "Wh", factor: 0.001),
        Meter(entity: "sensor.plant", stateClass: "total_increasing", unit: "MWh", factor: 1_000),
        Meter(entity: "sensor.balance", stateClass: "total", unit: "kWh", factor: 1),
        Meter(entity: "sensor.water", stateClass: "total_increasing", unit: "m³", factor: nil),
        Meter(entity: "sensor.power", stateClass: "measurement", unit: "kWh", factor: nil),
        Meter(entity: "sensor.plain", stateClass: nil, unit: "kWh", factor: nil),
    ]

    /// Readings of a meter that starts anew now and then, and is silent for some days.
    private static func readings(
        _ meter: Meter, _ zone: PastZone, _ generator: inout SeededGenerator
    ) -> [PastState] {
        var states: [PastState] = []
        var time = zone.start * 1_000_000 + Int64.random(in: 0..<86_400_000_000, using: &generator)
        var counter = Double(Int.random(in: 0...4_000, using: &generator)) / 8
        var lastReset: String?
        while time < (zone.start + zone.days * 86_400) * 1_000_000 {
            counter += Double(Int.random(in: 0...60, using: &generator)) / 8
            switch Int.random(in: 0..<40, using: &generator) {
            case 0:
                counter = Double(Int.random(in: 0...8, using: &generator)) / 8
                if meter.stateClass == "total" { lastReset = "2024-03-\(states.count)" }
            // A reading that falls a little is no new start.
            case 1: counter -= counter * 0.05
            default: break
            }
            let isKnown = Int.random(in: 0..<12, using: &generator) > 0
            states.append(
                PastState(
                    entity: meter.entity, at: Timestamp(microseconds: time),
                    state: isKnown ? "\(counter)" : ["unavailable", "unknown"].randomElement(using: &generator),
                    stateClass: isKnown ? meter.stateClass : nil,
                    lastReset: isKnown && meter.stateClass == "total" ? lastReset : nil,
                    unit: isKnown ? meter.unit : nil))
            let isSilent = Int.random(in: 0..<60, using: &generator) == 0
            time += Int64.random(in: 1_000_000...(isSilent ? 250_000_000_000 : 12_000_000_000), using: &generator)
        }
        return states
    }

    /// The date of the midnight that begins a day, in the zone.
    private static func date(_ dayStart: Int64, _ zone: PastZone) -> String {
        // Noon of that day has the date in Greenwich as well, as no zone here is 12 hours away.
        let offset = zone.offset(dayStart)
        return String(Timestamp(microseconds: (dayStart + offset + 43_200) * 1_000_000).iso8601.prefix(10))
    }

    /// The days on which the meter was read, and how much more it showed with all readings of each.
    private static func count(_ states: [PastState], _ meter: Meter, _ zone: PastZone) -> [String: Double] {
        guard let factor = meter.factor else { return [:] }
        var days: [String: Double] = [:]
        for step in RollupModel(states).changes {
            days["\(date(zone.dayStart(step.at / 1_000_000), zone)) \(meter.entity)", default: 0] +=
                step.change * factor
        }
        return days
    }

    @Test(arguments: [PastZone.berlin, .lordHowe, .casablanca])
    func agreesWithACountOfEveryReading(zone: PastZone) async throws {
        let seed = TestSeed.value
        print("Seed of agreesWithACountOfEveryReading: \(seed)")
        var generator = SeededGenerator(seed: seed)
        var states: [PastState] = []
        var expected: [String: Double] = [:]
        for meter in Self.meters {
            let readings = Self.readings(meter, zone, &generator)
            states += readings
            expected.merge(Self.count(readings, meter, zone)) { $1 }
        }
        try await RollupHouse.with(zone: zone.name) { house in
            try await house.copy(states)
            try await house.rollUp()
            let last = zone.days + 2
            // All of it, one day, and some spans; of all meters, and of one.
            var spans: [(from: Int64, to: Int64, entity: String?)] = [(-2, last, nil)]
            // The day on which the clock changes.
            if let change = zone.offsets.dropFirst().first {
                let day = (zone.dayStart(change.from) - zone.dayStart(zone.start)) / 86_400
                spans.append((day, day, nil))
                spans.append((day, day + 1, nil))
            }
            for _ in 0..<12 {
                let from = Int64.random(in: 0..<last, using: &generator)
                spans.append(
                    (
                        from, Int64.random(in: from...last, using: &generator),
                        Bool.random(using: &generator) ? Self.meters.randomElement(using: &generator)?.entity : nil
                    ))
            }
            for span in spans {
                try await Self.compare(house, expected, span, zone, seed)
            }
            #expect(expected.count > 60 && expected.values.contains { $0 > 1 }, "Seed \(seed), \(zone)")
        }
    }

    private static func compare(
        _ house: RollupHouse, _ expected: [String: Double], _ span: (from: Int64, to: Int64, entity: String?),
        _ zone: PastZone, _ seed: UInt64
    ) async throws {
        // Twelve hours after midnight, whatever the clock did since.
        func day(_ number: Int64) -> String {
            date(zone.dayStart(zone.dayStart(zone.start) + number * 86_400 + 43_200), zone)
        }
        let (from, to) = (day(span.from), day(span.to))
        let rows = try await house.database.session.query(
            """
            SELECT day::text || ' ' || entity_id AS key, kwh
            FROM home_assistant_daily_energy($1::date, $2::date, NULL, $3)
            """, [.text(from), .text(to), .optional(span.entity, PostgresValue.text)])
        var found: [String: Double] = [:]
        for row in rows { found[try row.string("key")] = try row.double("kwh") }
        let wanted = expected.filter { key, _ in
            let parts = key.split(separator: " ").map(String.init)
            return parts[0] >= from && parts[0] <= to && (span.entity == nil || parts[1] == span.entity)
        }
        let place = "Seed \(seed), \(zone), \(from) to \(to), \(span.entity ?? "all")"
        #expect(found.keys.sorted() == wanted.keys.sorted(), "\(place)")
        for (key, kwh) in wanted {
            // Rounded to watt-hours.
            #expect(abs((found[key] ?? .infinity) - kwh) < 0.000_501, "\(place): \(key)")
        }
    }
}
