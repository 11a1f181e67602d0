import BridgeCore
import TestSupport
import Testing

@testable import Console

@Suite("Automations in the console", .enabled(if: TestDatabase.isAvailable))
struct AutomationEndpointTests {
    private static let own = GovernedHouse.automation(1)
    private static let foreign = GovernedHouse.automation(2)

    @Test("Everybody lists their own, an administrator all, by name")
    func list() async throws {
        try await GovernedHouse.with { governed in
            let all = try await governed.get("automations", as: governed.anna)
            #expect(all.count == 2)
            #expect(all["items.0.name"] == .string("Cabin light"))
            #expect(all["items.1.connection"] == .string("home"))
            let berts = try await governed.get("automations", as: governed.bert)
            #expect(berts.count == 1)
            #expect(berts["items.0.id"] == .string(Self.foreign))
            #expect(berts["next_cursor"] == .null)
            #expect(try await governed.get("automations", as: governed.carl).count == 0)
            #expect(try await governed.get("automations?state=PAUSED", as: governed.anna).count == 0)
            let home = governed.house.home
            #expect(try await governed.get("automations?connection=\(home)", as: governed.anna).count == 1)
            #expect(try await governed.get("automations?connection=\(home)", as: governed.bert).count == 0)
            for query in ["state=active", "limit=0", "limit=201", "connection=1", "colour=red"] {
                #expect(try await governed.get("automations?\(query)", as: governed.anna).status == 400)
            }
        }
    }

    @Test("What is gone is shown to those who ask for it")
    func gone() async throws {
        try await GovernedHouse.with { governed in
            try await governed.execute("SELECT automation_change_lifecycle('\(Self.own)', 'RETIRED', 'It is gone.')")
            #expect(try await governed.get("automations", as: governed.anna).count == 1)
            let retired = try await governed.get("automations?state=RETIRED", as: governed.anna)
            #expect(retired["items.0.id"] == .string(Self.own))
        }
    }

    @Test("Pages go through all rows once")
    func paging() async throws {
        try await GovernedHouse.with { governed in
            try await governed.execute(
                """
                INSERT INTO automation_management (connection_id, home_assistant_automation_id, name)
                SELECT '\(governed.house.home)', 'a' || n, CASE WHEN n < 4 THEN 'Same name' ELSE repeat('ü', 250) || n END
                FROM generate_series(1, 7) AS n
                """)
            let (ids, pages) = try await governed.pages(of: "automations", limit: 2, as: governed.anna)
            #expect(ids.count == 9)
            #expect(Set(ids).count == 9)
            #expect(pages == 5)
            let runs = try await governed.pages(of: "automations/\(Self.own)/runs", limit: 2, as: governed.anna)
            #expect(Set(runs.ids).count == 5)
            #expect(runs.pages == 3)
            let moves = try await governed.pages(of: "automations/\(Self.own)/history", limit: 1, as: governed.anna)
            #expect(moves.ids.count == 3)
            let versions = try await governed.pages(of: "automations/\(Self.own)/versions", limit: 1, as: governed.anna)
            #expect(Set(versions.ids).count == 2)
        }
    }

    @Test("One of them tells its score in words")
    func one() async throws {
        try await GovernedHouse.with { governed in
            let answer = try await governed.get("automations/\(Self.foreign)", as: governed.bert)
            #expect(answer.status == 200)
            #expect(answer["performance_score"] == .number(82.5))
            #expect(answer["score_explanation"] == .string("82: none of 5 runs failed"))
            #expect(answer["score_breakdown.failures_in_row"] == .integer(0))
            #expect(answer["score_parts.0.part"] == .string("reliability"))
            #expect(
                answer["score_parts.0.why"]
                    == .string("4 successes and 1 failure in 30 days; newer ones weigh more"))
            #expect(try await governed.get("automations/nonsense", as: governed.bert).status == 404)
        }
    }

    @Test(
        "What belongs to another house is not there",
        arguments: ["", "/runs", "/history", "/versions", "/versions/1/diff"])
    func foreign(path: String) async throws {
        try await GovernedHouse.with { governed in
            let answer = try await governed.get("automations/\(Self.own)\(path)", as: governed.bert)
            #expect(answer.status == 404)
            #expect(try await governed.get("automations/\(Self.own)\(path)", as: governed.carl).status == 404)
            #expect(try await governed.get("automations/\(Self.own)\(path)", as: nil).status == 401)
            #expect(try await governed.get("automations/\(Self.foreign)\(path)", as: governed.bert).status == 200)
            #expect(try await governed.get("automations/\(Self.foreign)\(path)", as: governed.anna).status == 200)
        }
    }

    @Test("Runs come newest first and can be chosen")
    func runs() async throws {
        try await GovernedHouse.with { governed in
            let path = "automations/\(Self.own)/runs"
            let answer = try await governed.get(path, as: governed.anna)
            #expect(answer["items.0.run_id"] == .string("run5"))
            #expect(answer["items.0.duration_ms"] == .integer(2_000))
            #expect(answer["items.0.trace_summary.steps"] == .integer(1))
            let failed = try await governed.get("\(path)?status=failure", as: governed.anna)
            #expect(failed.count == 1)
            #expect(failed["items.0.run_id"] == .string("run3"))
            #expect(try await governed.get("\(path)?since=2026-01-01T00:04:00Z", as: governed.anna).count == 2)
            #expect(try await governed.get("\(path)?since=2027-01-01T00:00:00Z", as: governed.anna).count == 0)
            #expect(try await governed.get("\(path)?status=odd", as: governed.anna).status == 400)
        }
    }

    @Test("The history names who moved it, whoever looks")
    func history() async throws {
        try await GovernedHouse.with { governed in
            try await governed.execute(
                "SELECT automation_change_lifecycle('\(Self.foreign)', 'PAUSED', 'For a test.', '\(governed.anna.user)')"
            )
            let answer = try await governed.get("automations/\(Self.foreign)/history", as: governed.bert)
            #expect(answer.count == 4)
            #expect(answer["items.0.changed_by"] == .string("anna"))
            #expect(answer["items.0.new_state"] == .string("PAUSED"))
            #expect(answer["items.1.changed_by"] == .string("bert"))
        }
    }

    @Test("Versions are compared line by line, and what is sealed stays so")
    func versions() async throws {
        try await GovernedHouse.with { governed in
            let path = "automations/\(Self.foreign)/versions"
            let list = try await governed.get(path, as: governed.bert)
            #expect(list["items.0.version"] == .integer(2))
            #expect(list["items.0.created_by"] == .string("bert"))
            #expect(list["items.1.has_sealed_values"] == .bool(true))
            #expect(!list.body.contains("v1.k1"))

            let answer = try await governed.get("\(path)/2/diff", as: governed.bert)
            #expect(answer["kind"] == .string("changed"))
            #expect(answer["from_version"] == .integer(1))
            #expect(answer.body.contains(#"{"kind":"removed","text":"      brightness: 10"}"#))
            #expect(answer.body.contains(#"{"kind":"added","text":"      brightness: 20"}"#))
            #expect(answer.body.contains(#"{"kind":"same","text":"id: light"}"#))
            let same = try await governed.get("\(path)/2/diff?against=current", as: governed.bert)
            #expect(same["kind"] == .string("same"))
            let first = try await governed.get("\(path)/1/diff", as: governed.bert)
            #expect(first["kind"] == .string("first"))
            #expect(first["from_version"] == .null)
            let turned = try await governed.get("\(path)/1/diff?against=2", as: governed.bert)
            #expect(turned["to_version"] == .integer(2))
            #expect(try await governed.get("\(path)/9/diff", as: governed.bert).status == 404)
            #expect(try await governed.get("\(path)/2/diff?against=9", as: governed.bert).status == 404)
            for wrong in ["0/diff", "x/diff", "2/diff?against=old", "99999999999/diff"] {
                #expect(try await governed.get("\(path)/\(wrong)", as: governed.bert).status == 400)
            }
        }
    }
}
