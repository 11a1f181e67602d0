import TestSupport
import Testing

/// Retention against what a person would reckon by hand, over random rules and events.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct RetentionRuleTests {
    private struct Event {
        let house: Int
        let type: String
        let entity: String?
        let daysAgo: Double
    }

    private struct Rule {
        let house: Int?
        let type: String?
        let domain: String?
        let glob: String?
        let days: Int?
        let priority: Int

        func fits(_ event: Event) -> Bool {
            if let house, house != event.house { return false }
            if let type, !Self.like(event.type, type) { return false }
            if let domain, event.entity?.split(separator: ".").first.map(String.init) != domain { return false }
            if let glob { return event.entity.map { Self.like($0, glob) } ?? false }
            return true
        }

        /// As the documentation has it: entity, glob, domain; then the type; then the house.
        var rank: [Int] {
            func isPattern(_ text: String) -> Bool { text.contains("*") || text.contains("?") }
            let entity = glob.map { isPattern($0) ? 2 : 3 } ?? (domain == nil ? 0 : 1)
            return [priority, entity, type.map { isPattern($0) ? 1 : 2 } ?? 0, house == nil ? 0 : 1, days ?? .max]
        }

        static func like(_ text: String, _ glob: String) -> Bool {
            guard let first = glob.first else { return text.isEmpty }
            if first == "*" {
                return like(text, String(glob.dropFirst())) || !text.isEmpty && like(String(text.dropFirst()), glob)
            }
            guard let letter = text.first, first == "?" || first == letter else { return false }
            return like(String(text.dropFirst()), String(glob.dropFirst()))
        }

        var sql: String {
            func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "NULL" }
            return """
                (\(quoted(house.map { RetentionRig.houses[$0] })), \(quoted(type)), \(quoted(domain)), \(quoted(glob)),
                    \(days.map(String.init) ?? "NULL"), \(priority))
                """
        }
    }

    @Test(arguments: 0..<4) func deletesWhatTheRulesSay(round: Int) async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("Seed of deletesWhatTheRulesSay: \(seed)")
        var generator = SeededGenerator(seed: seed)
        func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int.random(in: choices.indices, using: &generator)]
        }
        let entities = ["sensor.a_power", "sensor.axpower", "sensor.b", "light.kitchen", "lock.door", "lock.gate"]
        let types = ["automation_triggered", "call_service", "zha_event", "a_b"]
        var events: [Event] = []
        for _ in 0..<400 {
            let isState = Int.random(in: 0..<4, using: &generator) > 0
            events.append(
                Event(
                    house: Int.random(in: 0...1, using: &generator), type: isState ? "state_changed" : pick(types),
                    entity: isState || Bool.random(using: &generator) ? pick(entities) : nil,
                    // Never on the edge of a day, where a rule would begin.
                    daysAgo: Double(Int.random(in: 0..<290, using: &generator)) + 0.5
                        + Double(Int.random(in: 0..<1_000, using: &generator)) / 10_000))
        }
        // Without rules about types there are fewer series: both ways count.
        let rules = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            Rule(
                house: pick([nil, nil, 0, 1]),
                type: round % 2 == 0 ? nil : pick([nil, "state_changed", "automation_*", "a?b", "zha_event"]),
                domain: pick([nil, nil, "sensor", "lock"]),
                glob: pick([nil, nil, "sensor.*power", "lock.door", "sensor.a_*"]),
                days: pick([nil, 10, 40, 150, 250]), priority: pick([0, 0, 0, 1]))
        }
        let days = pick([30, 90, 120])
        try await RetentionRig.with { rig in
            for start in stride(from: 0, to: events.count, by: 200) {
                let part = events[start..<min(start + 200, events.count)]
                try await rig.fill(
                    RetentionRig.into
                        + part.map {
                            RetentionRig.insert(RetentionRig.houses[$0.house], $0.type, $0.entity, daysAgo: $0.daysAgo)
                        }
                        .joined(separator: ","))
            }
            if !rules.isEmpty {
                try await rig.fill(
                    "INSERT INTO home_assistant_retention_rule (connection_id, event_type, domain, entity_glob, keep_days, priority) VALUES "
                        + rules.map(\.sql).joined(separator: ","))
            }
            func name(_ event: Event) -> String {
                "\(event.house + 1) \(event.type) \(event.entity ?? "-") \(Int((event.daysAgo * 10_000).rounded()))"
            }
            let expected = events.filter { event in
                let rule = rules.filter { $0.fits(event) }.max { left, right in
                    left.rank.lexicographicallyPrecedes(right.rank)
                }
                guard let keep = rule.map(\.days) ?? days, event.daysAgo > Double(keep) else { return true }
                // The newest state of an entity, and what came after it, stays.
                let newest = events.filter {
                    $0.house == event.house && $0.entity == event.entity && $0.type == "state_changed"
                }.map(\.daysAgo).min()
                return event.entity != nil && newest.map { event.daysAgo <= $0 } == true
            }
            let outcome = try await rig.job(days: days, rows: 7, vectors: 3).run()
            let left = try await rig.column(
                """
                SELECT right(connection_id::text, 1) || ' ' || event_type || ' ' || coalesce(entity_id, '-') || ' '
                    || round(extract(epoch FROM '2026-11-15 12:00:00+00'::timestamptz - timestamp) / 8.64)::bigint AS value
                FROM home_assistant_events
                """)
            #expect(left.sorted() == expected.map(name).sorted(), "seed \(seed)")
            #expect(outcome.items == events.count - expected.count, "seed \(seed)")
            // Every entity is known as before.
            let known = try await rig.scalar("SELECT count(*)::text AS value FROM home_assistant_latest_states")
            let houses = Set(
                events.filter { $0.type == "state_changed" }.map { "\($0.house) \($0.entity ?? "")" })
            #expect(known == "\(houses.count)", "seed \(seed)")
            #expect(try await rig.job(days: days).run().items == 0, "seed \(seed)")
        }
    }
}
