import BridgeCore
import TestSupport
import Testing

@testable import Console

@Suite("Proposals in the console", .enabled(if: TestDatabase.isAvailable))
struct ApprovalEndpointTests {
    private static let annas = GovernedHouse.workflow(1)
    private static let berts = GovernedHouse.workflow(2)

    private func digest(of workflow: String, _ governed: GovernedHouse) async throws -> String {
        let answer = try await governed.get("approvals/\(workflow)", as: governed.anna)
        guard case .string(let digest)? = answer["proposal_digest"] else { return "" }
        return digest
    }

    @Test("Everybody lists their own")
    func list() async throws {
        try await GovernedHouse.with { governed in
            #expect(try await governed.get("approvals", as: governed.anna).count == 2)
            let own = try await governed.get("approvals", as: governed.bert)
            #expect(own.count == 1)
            #expect(own["items.0.id"] == .string(Self.berts))
            #expect(own["items.0.created_by"] == .string("bert"))
            #expect(try await governed.get("approvals", as: governed.carl).count == 0)
            #expect(try await governed.get("approvals?status=REJECTED", as: governed.anna).count == 0)
            #expect(
                try await governed.get("approvals?connection=\(governed.house.home)", as: governed.bert).count == 0)
            #expect(try await governed.get("approvals?status=open", as: governed.anna).status == 400)
            let (ids, pages) = try await governed.pages(of: "approvals", limit: 1, as: governed.anna)
            #expect(Set(ids) == [Self.annas, Self.berts])
            #expect(pages == 2)
        }
    }

    @Test("One of them tells what it would change, its risk, and who decides")
    func one() async throws {
        try await GovernedHouse.with { governed in
            let answer = try await governed.get("approvals/\(Self.berts)", as: governed.bert)
            #expect(answer.status == 200)
            #expect(answer["risk_level"] == .string("MEDIUM"))
            #expect(answer["assessment.0.lines.0"] == .string("- It calls a light."))
            #expect(answer["needs"] == .string("1 approval, 1 more"))
            #expect(answer["own_vote"] == .string("PENDING"))
            #expect(answer["approvers.0.user"] == .string("bert"))
            #expect(answer["is_exact_base"] == .bool(true))
            #expect(answer["diff.kind"] == .string("modify"))
            #expect(answer.body.contains(#"{"kind":"added","text":"      brightness: 99"}"#))
            #expect(try await governed.get("approvals/\(Self.annas)", as: governed.bert).status == 404)
            #expect(try await governed.get("approvals/1", as: governed.bert).status == 404)
        }
    }

    @Test("An approval names what was seen, and says how it came")
    func approve() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            let path = "approvals/\(Self.berts)/approve"
            let digest = try await digest(of: Self.berts, governed)
            let body = #"{"digest":"\#(digest)","comment":"Fine."}"#
            #expect(try await governed.post(path, as: governed.carl, body: body).status == 403)
            #expect(try await governed.post(path, as: governed.bert, body: "{}").status == 400)
            #expect(try await governed.post(path, as: governed.bert, body: #"{"digest":"abc"}"#).status == 422)
            let other = #"{"digest":"\#(String(repeating: "0", count: 64))"}"#
            let refused = try await governed.post(path, as: governed.bert, body: other)
            #expect(refused.status == 409)
            #expect(refused["code"] == .string("other_proposal"))
            // An administrator sees it, but was not named as one who decides.
            #expect(try await governed.post(path, as: governed.anna, body: body).status == 403)

            let done = try await governed.post(path, as: governed.bert, body: body)
            #expect(done.status == 200, "\(done.body)")
            #expect(done["status"] == .string("APPROVED"))
            #expect(done["own_vote"] == .string("APPROVED"))
            #expect(done["approved_by"] == .string("bert"))
            let again = try await governed.post(path, as: governed.bert, body: body)
            #expect(again.status == 409)
            #expect(again["code"] == .string("decided"))
            let rows = try await governed.column(
                """
                SELECT concat_ws(' ', action_type, host(ip_address), session_id, action_description,
                    cryptographic_signature IS NOT NULL) AS value
                FROM automation_audit_trail WHERE workflow_id = '\(Self.berts)'
                """)
            #expect(
                rows == ["APPROVE 127.0.0.1 session:bert Approved “Make it brighter” in the console: Fine. t"])
        }
    }

    @Test("Nobody decides what they cannot see")
    func foreign() async throws {
        try await GovernedHouse.with { governed in
            let digest = try await digest(of: Self.annas, governed)
            let body = #"{"digest":"\#(digest)"}"#
            #expect(
                try await governed.post("approvals/\(Self.annas)/approve", as: governed.bert, body: body).status == 404)
            for deed in ["reject", "cancel"] {
                let answer = try await governed.post(
                    "approvals/\(Self.annas)/\(deed)", as: governed.bert, body: #"{"reason":"No."}"#)
                #expect(answer.status == 404)
                let observed = try await governed.post(
                    "approvals/\(Self.annas)/\(deed)", as: governed.carl, body: #"{"reason":"No."}"#)
                #expect(observed.status == 403)
            }
            #expect(
                try await governed.get("approvals/\(Self.annas)", as: governed.anna)["status"] == .string("PENDING"))
        }
    }

    @Test("A rejection has a reason, a withdrawal may have one")
    func rejectAndCancel() async throws {
        try await GovernedHouse.with { governed in
            let path = "approvals/\(Self.berts)/reject"
            for body in ["{}", #"{"reason":" "}"#, #"{"reason":7}"#] {
                #expect(try await governed.post(path, as: governed.bert, body: body).status == 400)
            }
            let rejected = try await governed.post(path, as: governed.bert, body: #"{"reason":"Too bright."}"#)
            #expect(rejected["status"] == .string("REJECTED"))
            #expect(rejected["rejection_reason"] == .string("Too bright."))
            let late = try await governed.post("approvals/\(Self.berts)/cancel", as: governed.bert)
            #expect(late.status == 409)

            let cancelled = try await governed.post("approvals/\(Self.annas)/cancel", as: governed.anna)
            #expect(cancelled["status"] == .string("CANCELLED"))
            let rows = try await governed.column(
                "SELECT action_description AS value FROM automation_audit_trail WHERE workflow_id = '\(Self.annas)'")
            #expect(rows == ["Cancelled the proposal “Make it brighter” in the console."])
        }
    }

    @Test("What the rules of the database refuse is told in their words")
    func refusals() async throws {
        try await GovernedHouse.with { governed in
            let digest = try await digest(of: Self.berts, governed)
            let body = #"{"digest":"\#(digest)"}"#
            let path = "approvals/\(Self.berts)/approve"
            try await governed.execute(
                """
                INSERT INTO safety_rule (rule_name, rule_type, rule_condition, rule_action)
                VALUES ('no lights', 'APPROVAL_REQUIRED', '{"domains": ["light"]}', 'BLOCK')
                """)
            let blocked = try await governed.post(path, as: governed.bert, body: body)
            #expect(blocked.status == 409, "\(blocked.body)")
            #expect(blocked["code"] == .string("rule_blocks"))
            #expect(blocked.body.contains("no lights"))
            try await governed.execute("DELETE FROM safety_rule WHERE rule_name = 'no lights'")
            try await governed.execute("UPDATE users SET status = 'inactive' WHERE username = 'bert'")
            let inactive = try await governed.post(path, as: governed.bert, body: body)
            #expect(inactive.status == 403, "\(inactive.body)")
            #expect(inactive["code"] == .string("not_allowed"))
            try await governed.execute("UPDATE users SET status = 'active' WHERE username = 'bert'")
            // As time goes by: the trigger would keep a person from setting it.
            try await governed.execute(
                """
                SET session_replication_role = replica;
                UPDATE approval_workflow SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day';
                SET session_replication_role = origin
                """)
            let expired = try await governed.post(path, as: governed.bert, body: body)
            #expect(expired.status == 409)
            #expect(expired["code"] == .string("expired"))
        }
    }
}
