import BridgeCore
import PostgresClient
import Testing

@testable import Store

/// Decisions on proposals as the repository makes them, by the rights of the writer.
@Suite(.needsPostgres) struct ApprovalRepositoryTests {
    /// The house of `ManagedHouse` with the users `approvers` entitled to decide its workflow.
    static func with(
        approvers: [Int] = [2], _ body: (StoreDatabase, ApprovalRepository) async throws -> Void
    ) async throws {
        try await ManagedHouse.with { database in
            for approver in approvers { try await database.vote(approver, "PENDING") }
            try await body(database, ApprovalRepository(database.pool))
        }
    }

    static let workflow = WorkflowID(ManagedHouse.workflow) ?? WorkflowID()
    static func person(_ number: Int) -> UserID { UserID(ManagedHouse.user(number)) ?? UserID() }

    /// What the repository refuses with.
    static func refusal(_ body: () async throws -> Void) async throws -> ApprovalRefusal {
        try await thrown(ApprovalRefusal.self, body)
    }

    private func audit(_ database: StoreDatabase) async throws -> [String] {
        try await database.column(
            """
            SELECT action_type || ' ' || coalesce(user_id::text, '-') FROM automation_audit_trail
            WHERE workflow_id = '\(ManagedHouse.workflow)' ORDER BY timestamp, action_type
            """)
    }

    @Test func anApprovalDecidesAndIsWrittenDown() async throws {
        try await Self.with { database, approvals in
            let shown = try await approvals.find("f000")
            let after = try await approvals.vote(
                ApprovalVote(.approve(comment: "Fine."), by: Self.person(2), shownDigest: shown.digest),
                on: shown.id, at: .now)
            #expect(after.status == .approved && after.approvedByName == "user2")
            #expect(try await audit(database) == ["APPROVE \(ManagedHouse.user(2))"])
            #expect(try await approvals.list().isEmpty)
            #expect(try await approvals.list(includesDecided: true).map(\.id) == [shown.id])
            let again = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: shown.id, at: .now)
            }
            #expect(again.code == .decided && again.message.contains("user2"))
        }
    }

    @Test func aRejectionNeedsAReasonAndClosesTheCreation() async throws {
        try await Self.with { database, approvals in
            let blank = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.reject(reason: " "), by: Self.person(2)), on: Self.workflow, at: .now)
            }
            #expect(blank.code == .invalid)
            #expect(try await audit(database).isEmpty)
            let after = try await approvals.vote(
                ApprovalVote(.reject(reason: "Too bright."), by: Self.person(2)), on: Self.workflow, at: .now)
            #expect(after.status == .rejected && after.rejectionReason == "Too bright.")
            #expect(
                try await database.scalar(
                    "SELECT lifecycle_state FROM automation_management WHERE id = '\(ManagedHouse.proposed)'")
                    == "REJECTED")
            #expect(
                try await database.scalar(
                    """
                    SELECT change_reason || '|' || changed_by FROM automation_lifecycle_history
                    WHERE automation_id = '\(ManagedHouse.proposed)' AND new_state = 'REJECTED'
                    """) == "The proposal was rejected: Too bright.|\(ManagedHouse.user(2))")
        }
    }

    @Test func onlyApproversDecideAndTheRefusalNamesThem() async throws {
        try await Self.with(approvers: [2, 3]) { database, approvals in
            let refusal = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(4)), on: Self.workflow, at: .now)
            }
            #expect(refusal.code == .notAllowed)
            #expect(refusal.message.contains("user2, user3"), "\(refusal)")
            #expect(try await database.status() == "PENDING")
        }
    }

    @Test func nobodyApprovesAnOwnProposalOfHighRiskButMayRejectIt() async throws {
        try await Self.with(approvers: [1, 2]) { database, approvals in
            let refusal = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(1)), on: Self.workflow, at: .now)
            }
            #expect(refusal.code == .notAllowed)
            #expect(refusal.message.hasPrefix("The proposal is of HIGH risk"), "\(refusal)")
            #expect(try await database.status() == "PENDING")
            #expect(try await audit(database).isEmpty)
            _ = try await approvals.vote(
                ApprovalVote(.reject(reason: "On second thoughts, no."), by: Self.person(1)), on: Self.workflow,
                at: .now)
            #expect(try await database.status() == "REJECTED")
        }
    }

    @Test func anotherDigestOrAnEditedRowIsRefused() async throws {
        try await Self.with { database, approvals in
            let other = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(
                        .approve(comment: nil), by: Self.person(2), shownDigest: [UInt8](repeating: 7, count: 32)),
                    on: Self.workflow, at: .now)
            }
            #expect(other.code == .otherProposal)
            // Somebody with more rights than the writer switches the guards off.
            for statement in [
                "ALTER TABLE approval_workflow DISABLE TRIGGER guard_approval_workflow",
                "UPDATE approval_workflow SET proposed_changes = '{\"alias\": \"Other\"}'",
                "ALTER TABLE approval_workflow ENABLE TRIGGER guard_approval_workflow",
            ] { try await database.session.execute(statement) }
            let edited = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: Self.workflow, at: .now)
            }
            #expect(edited.code == .otherProposal && edited.message.contains("changed in the database"))
            #expect(try await database.status() == "PENDING")
        }
    }

    @Test func aVoteOfAnErasedApproverCountsOnAndNobodyTakesTheSeat() async throws {
        try await ManagedHouse.with { database in
            let id = "f0000000-0000-0000-0000-000000000002"
            try await database.session.execute(
                """
                INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes, required_approvals)
                VALUES ('\(id)', '\(ManagedHouse.automation)', 'MODIFICATION', 'Later', '{}', '{2}')
                """)
            for approver in [2, 3, 4] { try await database.vote(approver, "PENDING", workflow: id) }
            let approvals = ApprovalRepository(database.pool)
            let workflow = try #require(WorkflowID(id))
            let first = try await approvals.vote(
                ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: workflow, at: .now)
            #expect(first.status == .pending)
            #expect(try await approvals.votes(on: workflow).missing(of: first.requiredApprovals) == [1: 1])
            // One who has voted and one who has not are erased.
            try await database.session.execute(
                "DELETE FROM users WHERE id IN ('\(ManagedHouse.user(2))', '\(ManagedHouse.user(3))')")
            let gone = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(3)), on: workflow, at: .now)
            }
            #expect(gone.code == .notAllowed && gone.message.contains("user4"))
            let second = try await approvals.vote(
                ApprovalVote(.approve(comment: nil), by: Self.person(4)), on: workflow, at: .now)
            #expect(second.status == .approved)
        }
    }

    @Test func theTimeToDecideEnds() async throws {
        try await Self.with { database, approvals in
            #expect(try await approvals.expire(at: .now).isEmpty)
            for statement in [
                "ALTER TABLE approval_workflow DISABLE TRIGGER guard_approval_workflow",
                "UPDATE approval_workflow SET created_at = now() - interval '8 days', expires_at = now() - interval '1 s'",
                "ALTER TABLE approval_workflow ENABLE TRIGGER guard_approval_workflow",
            ] { try await database.session.execute(statement) }
            let late = try await Self.refusal {
                _ = try await approvals.vote(
                    ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: Self.workflow, at: .now)
            }
            #expect(late.code == .expired)
            // Two bridges at once: one of them does it.
            async let one = approvals.expire(at: .now)
            async let other = approvals.expire(at: .now)
            #expect(try await one.count + other.count == 1)
            #expect(try await database.status() == "EXPIRED")
            #expect(try await audit(database) == ["EXPIRE -"])
            #expect(
                try await database.scalar(
                    "SELECT lifecycle_state FROM automation_management WHERE id = '\(ManagedHouse.proposed)'")
                    == "REJECTED")
        }
    }

    @Test func cancellingIsForItsProposerTheOwnerAndAdministrators() async throws {
        try await Self.with(approvers: [2]) { database, approvals in
            let refusal = try await Self.refusal {
                _ = try await approvals.cancel(Self.workflow, by: Self.person(2), reason: nil, at: .now)
            }
            #expect(refusal.code == .notAllowed)
            try await database.session.execute(
                "UPDATE users SET role = 'admin' WHERE id = '\(ManagedHouse.user(5))'")
            _ = try await approvals.vote(
                ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: Self.workflow, at: .now)
            let after = try await approvals.cancel(Self.workflow, by: Self.person(5), reason: "Not now.", at: .now)
            #expect(after.status == .cancelled)
            #expect(try await audit(database).last == "CANCEL \(ManagedHouse.user(5))")
            let again = try await Self.refusal {
                _ = try await approvals.cancel(Self.workflow, by: Self.person(5), reason: nil, at: .now)
            }
            #expect(again.code == .decided)
        }
    }

    @Test func whatIsBeingCarriedOutIsNotCancelled() async throws {
        try await Self.with { database, approvals in
            _ = try await approvals.vote(
                ApprovalVote(.approve(comment: nil), by: Self.person(2)), on: Self.workflow, at: .now)
            try await database.session.execute(
                """
                INSERT INTO automation_apply_operation (automation_id, workflow_id)
                VALUES ('\(ManagedHouse.proposed)', '\(ManagedHouse.workflow)')
                """)
            let refusal = try await Self.refusal {
                _ = try await approvals.cancel(Self.workflow, by: Self.person(1), reason: nil, at: .now)
            }
            #expect(refusal.code == .notAllowed && refusal.message.contains("being applied"), "\(refusal)")
            #expect(try await approvals.operations(of: Self.workflow).map(\.step) == ["LOCK"])
            let overview = try await GovernanceOverview(database.pool)
            #expect(overview.operations.map(\.automationName) == ["Morning light"])
            #expect(overview.waiting == 0 && overview.approved == 0)
        }
    }

    @Test func theDecisionBehindAProposalGetsTheAnswer() async throws {
        try await ManagedHouse.with { database in
            let id = "f0000000-0000-0000-0000-000000000003"
            let decision = "d0000000-0000-0000-0000-000000000001"
            for statement in [
                """
                INSERT INTO ai_decision_audit (id, automation_id, decision_type, decision_description)
                VALUES ('\(decision)', '\(ManagedHouse.automation)', 'OPTIMIZATION', 'Dim it later')
                """,
                """
                INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes, decision_id)
                VALUES ('\(id)', '\(ManagedHouse.automation)', 'MODIFICATION', 'Later', '{}', '\(decision)')
                """,
            ] { try await database.session.execute(statement) }
            try await database.vote(2, "PENDING", workflow: id)
            let workflow = try #require(WorkflowID(id))
            _ = try await ApprovalRepository(database.pool).vote(
                ApprovalVote(.reject(reason: "It is fine."), by: Self.person(2)), on: workflow, at: .now)
            #expect(
                try await database.scalar("SELECT user_feedback || ' ' || feedback_comment FROM ai_decisions")
                    == "REJECTED It is fine.")
        }
    }

    @Test func idsAreFourOrMoreDigits() async throws {
        try await Self.with { _, approvals in
            for prefix in ["", "f00", "zzzz", "f0000000-0000-0000-0000-00000000000%"] {
                let refusal = try await Self.refusal { _ = try await approvals.find(prefix) }
                #expect(refusal.code == .invalid, "\(prefix)")
            }
        }
    }
}
