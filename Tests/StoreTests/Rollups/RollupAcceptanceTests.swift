import BridgeCore
import TestSupport
import Testing

@testable import Store

/// Roll-ups against a reckoning from the final set of events, whatever the order in which those came.
@Suite(.needsPostgres) struct RollupAcceptanceTests {
    @Test(arguments: [PastZone.casablanca, .lordHowe, .kathmandu, .berlin])
    func equalAReckoningOverWeeksOfLateDuplicateAndBackfilledEvents(zone: PastZone) async throws {
        let seed = TestSeed.value
        try await RollupHouse.with(zone: zone.name) { house in
            var past = PastHouse(zone: zone, generator: SeededGenerator(seed: seed))
            let states = past.states()
            var generator = past.generator
            var stored: Set<String> = []
            for batch in Self.deliveries(of: states, &generator) {
                let ids = batch.map(\.id.uuidString)
                if stored.isDisjoint(with: ids), Set(ids).count == ids.count, Bool.random(using: &generator) {
                    try await house.copy(batch)
                } else {
                    try await house.stage(batch)
                }
                stored.formUnion(ids)
                if Int.random(in: 0..<4, using: &generator) > 0 {
                    let limits = RollupRepository.Limits(
                        buckets: [1, 7, 72].randomElement(using: &generator) ?? 72, hours: 5, days: 2)
                    try await house.rollUp(limits: limits, steps: Int.random(in: 1...60, using: &generator))
                }
            }
            try await house.rollUp()
            #expect(try await house.marks() == 0)
            try await Self.compare(house, states, zone, seed)
            try await Self.compareFilled(house, states, zone, seed, &generator)
            // Nothing is left to do, and doing it again changes nothing.
            #expect(try await house.rollUp() == RollupStep(), "Seed \(seed), \(zone)")
        }
    }

    /// Every state once at least, most in order, some late, some again, some from a weaker source before or after.
    private static func deliveries(
        of states: [PastState], _ generator: inout SeededGenerator
    ) -> [[PastState]] {
        let batchCount = 14
        var batches = [[PastState]](repeating: [], count: batchCount)
        let ordered = states.sorted { $0.at < $1.at }
        for (index, state) in ordered.enumerated() {
            let due = index * batchCount / ordered.count
            let arrival =
                Int.random(in: 0..<5, using: &generator) == 0
                ? Int.random(in: due..<batchCount, using: &generator) : due
            batches[arrival].append(state)
            if Int.random(in: 0..<6, using: &generator) == 0 {
                var other = state
                other.source = "backfill"
                // The recorder knew something else; what was seen live counts.
                if state.state != nil { other.state = "77" }
                batches[Int.random(in: due..<batchCount, using: &generator)].append(other)
            }
        }
        return batches.filter { !$0.isEmpty }
    }

    private static func compare(
        _ house: RollupHouse, _ states: [PastState], _ zone: PastZone, _ seed: UInt64
    ) async throws {
        let levels: [(table: String, start: (Int64) -> Int64, end: (Int64) -> Int64)] = [
            ("5_minutes", { $0 - $0 % 300 }, { $0 + 300 }), ("hourly", { $0 - $0 % 3_600 }, { $0 + 3_600 }),
            ("daily", zone.dayStart, zone.dayEnd),
        ]
        for level in levels {
            let stored = try await house.stored(level.table)
            for (entity, history) in Dictionary(grouping: states, by: \.entity) {
                let model = RollupModel(history)
                let starts = Set(history.map { level.start($0.at.microseconds / 1_000_000) })
                let found = stored[entity] ?? [:]
                #expect(Set(found.keys) == starts, "Seed \(seed), \(zone), \(level.table), \(entity)")
                for start in starts.sorted() {
                    let expected = model.rollup(from: start * 1_000_000, to: level.end(start) * 1_000_000)
                    let differences = found[start]?.differences(from: expected) ?? []
                    #expect(
                        differences.isEmpty,
                        "Seed \(seed), \(zone), \(level.table), \(entity) at \(start): \(differences)")
                }
            }
        }
    }

    /// Without holes, too: for a part of the time that is chosen at random.
    private static func compareFilled(
        _ house: RollupHouse, _ states: [PastState], _ zone: PastZone, _ seed: UInt64,
        _ generator: inout SeededGenerator
    ) async throws {
        for (entity, history) in Dictionary(grouping: states, by: \.entity) {
            let model = RollupModel(history)
            guard let first = model.states.first else { continue }
            let firstSecond = first.at.microseconds / 1_000_000
            for (function, width) in [("5_minutes", Int64(300)), ("hourly", 3_600), ("daily", 86_400)] {
                let from = zone.start + Int64.random(in: 0..<zone.days * 43_200, using: &generator)
                let to = from + width * 30 + Int64.random(in: 0..<width, using: &generator)
                let found = try await house.filled(function, entity, from: from, to: to)
                var start = max(from, firstSecond)
                start = width == 86_400 ? zone.dayStart(start) : start - start % width
                while start < to {
                    let end = width == 86_400 ? zone.dayEnd(start) : start + width
                    var expected = model.rollup(from: start * 1_000_000, to: end * 1_000_000)
                    if expected.samples == 0, model.changes.contains(where: { $0.at < start * 1_000_000 }) {
                        expected.change = 0
                    }
                    let differences = found[start]?.differences(from: expected) ?? ["there is none"]
                    #expect(
                        differences.isEmpty, "Seed \(seed), \(zone), \(function), \(entity) at \(start): \(differences)"
                    )
                    start = end
                }
                #expect(found.keys.allSatisfy { $0 < to }, "Seed \(seed), \(zone), \(function), \(entity)")
            }
        }
    }
}
