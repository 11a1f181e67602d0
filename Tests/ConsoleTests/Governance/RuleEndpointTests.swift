import BridgeCore
import HTTPTypes
import TestSupport
import Testing

@testable import Console

@Suite("Safety rules in the console", .enabled(if: TestDatabase.isAvailable))
struct RuleEndpointTests {
    private static let annas = GovernedHouse.rule(1)
    private static let berts = GovernedHouse.rule(2)

    private func names(_ answer: ConsoleHouse.Answer) -> [String] {
        (0..<max(0, answer.count)).compactMap { index in
            guard case .string(let id)? = answer["items.\(index).id"] else { return nil }
            return id
        }
    }

    @Test("Everybody sees the rules for their houses, those for every house among them")
    func list() async throws {
        try await GovernedHouse.with { governed in
            let all = names(try await governed.get("rules", as: governed.anna))
            #expect(all.contains(Self.annas) && all.contains(Self.berts))
            let own = names(try await governed.get("rules", as: governed.bert))
            #expect(own.contains(Self.berts) && !own.contains(Self.annas))
            #expect(own.count == all.count - 1)
            #expect(names(try await governed.get("rules", as: governed.carl)).count == all.count - 2)
            let home = governed.house.home
            #expect(names(try await governed.get("rules?connection=\(home)", as: governed.anna)).count == all.count - 1)
            #expect(try await governed.get("rules?connection=\(home)", as: governed.bert).count == 0)
            let (ids, _) = try await governed.pages(of: "rules", limit: 2, as: governed.anna)
            #expect(ids == all)
            #expect(try await governed.get("rules?limit=x", as: governed.anna).status == 400)
        }
    }

    @Test("A rule of a house is its owner's or an administrator's, one for every house an administrator's")
    func add() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            let cabin = governed.house.cabin
            func body(_ connection: String, _ name: String) -> String {
                #"{"connection":\#(connection),"name":"\#(name)","condition":{"services":["lock.*"]},"action":"BLOCK"}"#
            }
            let added = try await governed.post("rules", as: governed.bert, body: body("\"\(cabin)\"", "mine"))
            #expect(added.status == 201, "\(added.body)")
            #expect(added["connection_id"] == .string("\(cabin)"))
            #expect(added["type"] == .string("APPROVAL_REQUIRED"))
            #expect(added["created_by"] == .string("bert"))
            let twice = try await governed.post("rules", as: governed.bert, body: body("\"\(cabin)\"", "mine"))
            #expect(twice.status == 409)
            #expect(twice["code"] == .string("duplicate_name"))
            #expect(try await governed.post("rules", as: governed.bert, body: body("null", "all")).status == 403)
            let home = governed.house.home
            #expect(try await governed.post("rules", as: governed.bert, body: body("\"\(home)\"", "no")).status == 404)
            #expect(try await governed.post("rules", as: governed.carl, body: body("null", "all")).status == 403)
            #expect(try await governed.post("rules", as: governed.anna, body: body("null", "all")).status == 201)
            #expect(
                try await governed.post("rules", as: governed.anna, body: body("\"\(cabin)\"", "hers")).status == 201)
            let rows = try await governed.column(
                """
                SELECT concat_ws(' ', host(ip_address), session_id, action_description) AS value FROM automation_audit_trail
                WHERE action_type = 'SAFETY_CHANGE' ORDER BY timestamp LIMIT 1
                """)
            #expect(rows == ["127.0.0.1 session:bert Added the rule “mine” (BLOCK) in the console."])
        }
    }

    @Test(
        "What cannot be a rule is refused",
        arguments: [
            (#"{"name":"x","action":"BLOCK"}"#, 400), (#"{"name":"x","condition":[],"action":"BLOCK"}"#, 400),
            (#"{"name":"x","condition":{"odd":1},"action":"BLOCK"}"#, 422),
            (#"{"name":"x","condition":{"domains":["a\u0000b"]},"action":"BLOCK"}"#, 422),
            (#"{"name":" x ","condition":{},"action":"WARN"}"#, 422),
            (#"{"name":"x\u202ey","condition":{},"action":"WARN"}"#, 422),
            (#"{"name":"x","condition":{},"action":"WARN","priority":0}"#, 400),
            (#"{"name":"x","condition":{},"action":"warn"}"#, 400),
            (#"{"connection":"x","name":"x","condition":{},"action":"WARN"}"#, 400),
        ])
    func refused(body: String, status: Int) async throws {
        try await GovernedHouse.with { governed in
            let answer = try await governed.post("rules", as: governed.anna, body: body)
            #expect(answer.status == status, "\(answer.body)")
        }
    }

    @Test("A rule is changed and removed by those who may")
    func change() async throws {
        try await GovernedHouse.with { governed in
            func patch(_ id: String, _ person: Principal, _ body: String) async throws -> ConsoleHouse.Answer {
                try await governed.house.request(.patch, "rules/\(id)", as: person, body: body)
            }
            func delete(_ id: String, _ person: Principal) async throws -> Int {
                try await governed.house.request(.delete, "rules/\(id)", as: person).status
            }
            let off = #"{"active":false,"priority":7}"#
            let changed = try await patch(Self.berts, governed.bert, off)
            #expect(changed["active"] == .bool(false))
            #expect(changed["priority"] == .integer(7))
            #expect(changed["name"] == .string("no locks"))
            #expect(try await patch(Self.berts, governed.bert, "{}").status == 200)
            let count = try await governed.column(
                "SELECT count(*)::text AS value FROM automation_audit_trail WHERE action_type = 'SAFETY_CHANGE'")
            #expect(count == ["1"])
            #expect(try await patch(Self.annas, governed.bert, off).status == 404)
            #expect(try await patch(Self.berts, governed.carl, off).status == 403)
            #expect(try await patch(Self.berts, governed.bert, #"{"condition":{"odd":1}}"#).status == 422)
            #expect(try await delete(Self.annas, governed.bert) == 404)
            #expect(try await delete(Self.berts, governed.carl) == 403)
            let general = try await governed.column(
                "SELECT id::text AS value FROM safety_rule WHERE connection_id IS NULL LIMIT 1")
            let rule = try #require(general.first)
            #expect(try await patch(rule, governed.bert, off).status == 403)
            #expect(try await delete(rule, governed.bert) == 403)
            #expect(try await patch(rule, governed.anna, off).status == 200)
            #expect(try await delete(Self.berts, governed.bert) == 204)
            #expect(try await delete(Self.berts, governed.bert) == 404)
            #expect(try await delete(Self.annas, governed.anna) == 204)
        }
    }
}
