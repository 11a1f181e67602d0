import PostgresClient
import Testing

@testable import Store

/// A proposal is decided by its approvers, and is what it was when they decided.
@Suite(.needsPostgres) struct ApprovalTests {
    private static func propose(_ columns: [String: String]) -> String {
        BadValue("none", "approval_workflow", columns.merging(["id": "'\(other)'"]) { given, _ in given }).sql
    }

    private static let other = "f0000000-0000-0000-0000-000000000002"

    @Test func theVotesThatItNeedsApproveIt() async throws {
        try await ManagedHouse.with { database in
            let other = Self.other
            try await database.session.execute(Self.propose(["required_approvals": "'{1,2}'"]))
            func vote(_ user: Int, level: Int) async throws {
                try await database.session.execute(
                    """
                    INSERT INTO approval_workflow_approvers (workflow_id, approver_id, approval_level)
                    VALUES ('\(other)', '\(ManagedHouse.user(user))', \(level));
                    UPDATE approval_workflow_approvers SET status = 'APPROVED'
                    WHERE workflow_id = '\(other)' AND approver_id = '\(ManagedHouse.user(user))'
                    """)
            }
            // More than enough of one level is nothing for another.
            for user in 1...3 { try await vote(user, level: 2) }
            #expect(try await database.status(of: other) == "PENDING")
            try await vote(4, level: 1)
            #expect(try await database.status(of: other) == "APPROVED")
            let by = try await database.scalar("SELECT approved_by FROM approval_workflow WHERE approved_at <= now()")
            #expect(by == ManagedHouse.user(4))
            try await database.expectRefused(
                """
                INSERT INTO approval_workflow_approvers (workflow_id, approver_id)
                VALUES ('\(other)', '\(ManagedHouse.user(9))')
                """, "HB003")
        }
    }

    @Test func nothingElseApprovesIt() async throws {
        try await ManagedHouse.with { database in
            try await database.expectRefused("UPDATE approval_workflow SET status = 'APPROVED'", "HB003")
            try await database.expectRefused(Self.propose(["status": "'APPROVED'"]), "HB003")
            try await database.expectRefused(Self.propose(["required_approvals": "'{0}'"]), "HB003")
            try await database.expectRefused(
                """
                INSERT INTO approval_workflow_approvers (workflow_id, approver_id, approval_level)
                VALUES ('\(ManagedHouse.workflow)', '\(ManagedHouse.user(2))', 2)
                """, "HB003")
            #expect(try await database.status() == "PENDING")
        }
    }

    @Test func nobodyIsAskedWhereTheOwnerSaysSo() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                INSERT INTO user_safety_configuration (user_id, automation_modification_approval_required)
                VALUES ('\(ManagedHouse.owner)', false)
                """)
            let free = ["required_approvals": "'{0}'"]
            for refused in [
                ["risk_level": "'HIGH'"], ["workflow_type": "'RETIREMENT'"], ["workflow_type": "'CREATION'"],
            ] {
                try await database.expectRefused(Self.propose(free.merging(refused) { $1 }), "HB003")
            }
            try await database.session.execute(Self.propose(free))
            #expect(try await database.status(of: Self.other) == "APPROVED")
        }
    }

    @Test func nobodyApprovesTheirOwnProposalOfHighRisk() async throws {
        try await ManagedHouse.with { database in
            let error = try await thrown(PostgresError.self) { try await database.vote(1) }
            #expect(error.sqlState == "HB003" && error.message.contains("who proposed it cannot approve it"))
            try await database.session.execute(
                Self.propose(["created_by": "'\(ManagedHouse.owner)'", "risk_level": "'MEDIUM'"]))
            try await database.vote(1, workflow: Self.other)
            #expect(try await database.status(of: Self.other) == "APPROVED")
        }
    }

    @Test func observersAndTheAbsentDecideNothing() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                UPDATE users SET role = 'observer' WHERE id = '\(ManagedHouse.user(2))';
                UPDATE users SET status = 'inactive' WHERE id = '\(ManagedHouse.user(3))'
                """)
            for user in [2, 3, 99] {
                let error = try await thrown(PostgresError.self) { try await database.vote(user) }
                #expect(error.sqlState == "HB003")
            }
        }
    }

    @Test func oneRejectionWithItsReasonRejects() async throws {
        try await ManagedHouse.with { database in
            let error = try await thrown(PostgresError.self) { try await database.vote(2, "REJECTED") }
            #expect(error.sqlState == "HB003" && error.message.contains("needs a reason"))
            try await database.vote(2, "REJECTED", comments: "It blinds the cat")
            #expect(
                try await database.scalar(
                    "SELECT status || ' ' || rejected_by || ' ' || rejection_reason FROM approval_workflow")
                    == "REJECTED \(ManagedHouse.user(2)) It blinds the cat")
            for status in ["PENDING", "APPROVED", "CANCELLED", "EXPIRED"] {
                try await database.expectRefused("UPDATE approval_workflow SET status = '\(status)'", "HB003")
            }
        }
    }

    @Test func aVoteIsFinal() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(Self.propose(["required_approvals": "'{3}'"]))
            try await database.vote(2, workflow: Self.other)
            for sql in [
                "UPDATE approval_workflow_approvers SET status = 'PENDING'",
                "UPDATE approval_workflow_approvers SET status = 'REJECTED', comments = 'No'",
                "UPDATE approval_workflow_approvers SET approver_id = '\(ManagedHouse.user(3))'",
                "UPDATE approval_workflow_approvers SET workflow_id = '\(ManagedHouse.workflow)'",
                "DELETE FROM approval_workflow_approvers",
            ] {
                try await database.expectRefused(sql, "HB003")
            }
            let again = try await thrown(PostgresError.self) { try await database.vote(2, workflow: Self.other) }
            #expect(again.sqlState == "23505")
        }
    }

    @Test func timeRunsOut() async throws {
        try await ManagedHouse.with { database in
            try await database.expectRefused("UPDATE approval_workflow SET status = 'EXPIRED'", "HB003")
            try await database.session.execute(
                Self.propose(["created_at": "now() - interval '2 hours'", "expires_at": "now() - interval '1 hour'"]))
            let late = try await thrown(PostgresError.self) { try await database.vote(2, workflow: Self.other) }
            #expect(late.sqlState == "HB003" && late.message.contains("has expired"))
            try await database.session.execute(
                "UPDATE approval_workflow SET status = 'EXPIRED' WHERE id = '\(Self.other)'")
            #expect(try await database.status(of: Self.other) == "EXPIRED")
        }
    }

    @Test func whatIsProposedStays() async throws {
        try await ManagedHouse.with { database in
            for change in [
                "proposed_changes = '{}'", "proposal_digest = sha256('')", "risk_level = 'LOW'", "description = 'Else'",
                "workflow_type = 'MODIFICATION'", "required_approvals = '{0}'", "expires_at = now() + interval '1 day'",
                "automation_id = '\(ManagedHouse.automation)'", "created_by = '\(ManagedHouse.user(5))'",
                "approved_by = '\(ManagedHouse.user(5))'", "rejection_reason = 'No'",
            ] {
                try await database.expectRefused("UPDATE approval_workflow SET \(change)", "HB003")
            }
            #expect(
                try await database.scalar(
                    """
                    SELECT proposal_digest = sha256(convert_to(proposed_changes::text, 'UTF8')) FROM approval_workflow
                    """) == "t")
            // The digest stands beside changes, and only there; a trigger sees to that before the CHECK does.
            try await database.session.execute("ALTER TABLE approval_workflow DISABLE TRIGGER USER")
            let error = try await database.refusal(of: "UPDATE approval_workflow SET proposal_digest = NULL")
            #expect(error.constraint == "approval_workflow_digest_given")
        }
    }

    @Test func twelveApproversAtOnceGiveOneOutcome() async throws {
        try await ManagedHouse.with { database in
            let other = Self.other
            try await database.session.execute(Self.propose(["required_approvals": "'{3}'"]))
            try await database.session.execute(
                """
                INSERT INTO approval_workflow_approvers (workflow_id, approver_id) SELECT '\(other)', id FROM users
                """)
            // Half of them for it, half against it: whichever comes first decides, and the rest are told so.
            let counted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for user in 1...12 {
                    group.addTask {
                        let status = user % 2 == 0 ? "APPROVED" : "REJECTED"
                        let connection = try await database.connect()
                        let sql = """
                            UPDATE approval_workflow_approvers SET status = '\(status)', comments = 'So it is'
                            WHERE workflow_id = '\(other)' AND approver_id = '\(ManagedHouse.user(user))'
                            """
                        do throws(PostgresError) {
                            try await connection.execute(sql)
                        } catch {
                            await connection.close()
                            guard error.sqlState == "HB003" else { throw error }
                            return false
                        }
                        await connection.close()
                        return true
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            let tally = "SELECT count(*) FILTER (WHERE status = '%') FROM approval_workflow_approvers"
            let approvals = try await database.scalar(tally.replacing("%", with: "APPROVED"))
            let rejections = try await database.scalar(tally.replacing("%", with: "REJECTED"))
            switch try await database.status(of: other) {
            case "APPROVED": #expect(approvals == "3" && rejections == "0" && counted == 3)
            case "REJECTED": #expect(rejections == "1" && (1...3).contains(counted))
            case let status: Issue.record("The outcome is \(status ?? "nothing").")
            }
        }
    }

    @Test func aCreationComesToLifeOnceForEachApproval() async throws {
        try await ManagedHouse.with { database in
            func move(to state: String) -> String {
                "SELECT automation_change_lifecycle('\(ManagedHouse.proposed)', '\(state)', 'As decided')"
            }
            _ = try await database.scalar(move(to: "PENDING_APPROVAL"))
            try await database.expectRefused(move(to: "ACTIVE"), "HB003")
            try await database.vote(2)
            _ = try await database.scalar(move(to: "ACTIVE"))
            #expect(
                try await database.scalar(
                    """
                    SELECT user_approval_required || ' ' || approved_by || ' ' || workflow_id
                    FROM automation_lifecycle_history WHERE approved_at IS NOT NULL
                    """) == "true \(ManagedHouse.user(2)) \(ManagedHouse.workflow)")
            // Gone, and proposed to be restored: the old approval is spent.
            for state in ["RETIRED", "PROPOSED", "PENDING_APPROVAL"] { _ = try await database.scalar(move(to: state)) }
            try await database.expectRefused(move(to: "ACTIVE"), "HB003")
        }
    }
}
