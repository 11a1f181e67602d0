import BridgeCore
import TestSupport
import Testing

@testable import Console

@Suite("The audit trail in the console", .enabled(if: TestDatabase.isAvailable))
struct AuditEndpointTests {
    /// Signs rows in the chains of both houses, and of none.
    private func fill(_ governed: GovernedHouse) async throws {
        let home = #"{"connection":"\#(governed.house.home)","reason":"Drill"}"#
        let cabin = #"{"connection":"\#(governed.house.cabin)","reason":"Drill"}"#
        for (person, body) in [
            (governed.anna, home), (governed.bert, cabin), (governed.anna, #"{"reason":"Drill"}"#),
        ] {
            let answer = try await governed.post("emergency", as: person, body: body)
            try #require(answer.status == 201)
        }
        let answer = try await governed.post(
            "decisions/\(GovernedHouse.decision(1))/feedback", as: governed.anna, body: #"{"feedback":"APPROVED"}"#)
        try #require(answer.status == 200)
    }

    @Test("Everybody sees their own rows and chains, an administrator all")
    func overview() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            try await fill(governed)
            let own = try await governed.get("audit?table=automation_audit_trail", as: governed.bert)
            #expect(own.status == 200, "\(own.body)")
            #expect(own.count == 1)
            #expect(own["items.0.action"] == .string("EMERGENCY_STOP"))
            #expect(own["items.0.user"] == .string("bert"))
            #expect(own["items.0.address"] == .string("127.0.0.1"))
            #expect(own["chains.0.connection_id"] == .string("\(governed.house.cabin)"))
            #expect(own["chains.0.sequence"] == .integer(1))
            #expect(own["chains.1"] == nil)
            #expect(own["last_checkpoint"] == .null)
            #expect(!own.body.contains("\(governed.house.home)"))
            #expect(try await governed.get("audit", as: governed.carl).count == 0)
            let all = try await governed.get("audit?table=automation_audit_trail", as: governed.anna)
            #expect(all.count == 3)
            #expect(all["chains.3.table"] == .string("automation_audit_trail"))
            let home = governed.house.home
            #expect(try await governed.get("audit?connection=\(home)", as: governed.bert).count == 0)
            #expect(try await governed.get("audit?table=users", as: governed.bert).status == 400)
            #expect(try await governed.get("audit?cursor=0161", as: governed.bert).status == 422)
            let (ids, _) = try await governed.pages(of: "audit", limit: 2, as: governed.anna)
            // Two decisions, the answer to one of them, three stops.
            #expect(ids.count == 6)
            #expect(Set(ids).count == 6)
        }
    }

    @Test("What was signed is proven, and what was changed is found")
    func verify() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            try await fill(governed)
            #expect(try await governed.post("audit/verify", as: governed.carl).status == 403)
            let sound = try await governed.post("audit/verify", as: governed.anna)
            #expect(sound.status == 200, "\(sound.body)")
            #expect(sound["sound"] == .bool(true))
            let own = try await governed.post("audit/verify", as: governed.bert)
            #expect(own["sound"] == .bool(true))
            #expect(!own.body.contains("\(governed.house.home)"))
            let other = #"{"connection":"\#(governed.house.home)"}"#
            #expect(try await governed.post("audit/verify", as: governed.bert, body: other).status == 404)
            for statement in [
                "ALTER TABLE automation_audit_trail DISABLE TRIGGER ALL",
                """
                UPDATE automation_audit_trail SET action_description = 'Nothing happened.'
                WHERE connection_id = '\(governed.house.home)'
                """,
                "ALTER TABLE automation_audit_trail ENABLE TRIGGER ALL",
            ] { try await governed.execute(statement) }
            let found = try await governed.post("audit/verify", as: governed.anna, body: other)
            #expect(found["sound"] == .bool(false))
            #expect(found.body.contains("\"edited\""))
            #expect(try await governed.post("audit/verify", as: governed.bert)["sound"] == .bool(true))
        }
    }

    @Test("Without a keyring there is nothing to verify with")
    func keyless() async throws {
        try await GovernedHouse.with { governed in
            let answer = try await governed.post("audit/verify", as: governed.anna)
            #expect(answer.status == 409)
            #expect(answer["code"] == .string("no_signing_key"))
        }
    }
}
