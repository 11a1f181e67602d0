import BridgeCore
import PostgresClient
import Testing

@testable import Store

/// Answers of phones: which count, and which do not.
@Suite(.needsPostgres) struct PhoneAnswerTests {
    private static let house = ConnectionID(ManagedHouse.connection) ?? ConnectionID()
    private static let token = [UInt8](repeating: 9, count: 32)
    private static let answer = PhoneAnswer(
        workflow: ApprovalRepositoryTests.workflow, isApproval: true, tokenDigest: token, homeAssistantUser: "person2")

    /// The workflow of the house, of HIGH risk, sent to the phone of user 2.
    private static func with(
        mayApproveHighRisk: Bool = true,
        _ body: (StoreDatabase, ApprovalNotificationRepository) async throws -> Void
    ) async throws {
        try await ApprovalRepositoryTests.with(approvers: [2, 3]) { database, _ in
            let phones = ApprovalNotificationRepository(database.pool)
            try await phones.set(
                NotificationTarget(
                    connection: house, user: ApprovalRepositoryTests.person(2), service: "mobile_app_two",
                    homeAssistantUser: "person2", mayApproveHighRisk: mayApproveHighRisk), by: nil, at: .now)
            let due = try #require(try await phones.due(house).first)
            #expect(due.mayApprove == mayApproveHighRisk && due.target.service == "mobile_app_two")
            #expect(try await phones.prepare(due, tokenDigest: token))
            try await phones.markSent(due)
            #expect(try await phones.due(house).isEmpty)
            try await body(database, phones)
        }
    }

    private func take(_ answer: PhoneAnswer, _ phones: ApprovalNotificationRepository) async throws -> PhoneVerdict {
        try await phones.take(answer, of: Self.house, at: .now)
    }

    @Test func theRightAnswerCountsOnce() async throws {
        try await Self.with { database, phones in
            guard case .counted(let workflow) = try await take(Self.answer, phones) else {
                Issue.record("It did not count.")
                return
            }
            #expect(workflow.status == .approved && workflow.approvedByName == "user2")
            #expect(try await take(Self.answer, phones) == .refused(.replayed))
            #expect(try await phones.stale(Self.house).map(\.service) == ["mobile_app_two"])
            let stale = try #require(try await phones.stale(Self.house).first)
            try await phones.markCleared(stale)
            #expect(try await phones.stale(Self.house).isEmpty)
            let sentence = try await database.scalar(
                "SELECT action_description FROM automation_audit_trail WHERE action_type = 'APPROVE'")
            #expect(sentence == "Approved “Light in the morning” by phone")
        }
    }

    /// The same person presses twice on the phone, and approves and rejects on the command line, all at once.
    @Test func onePersonHasOneVoteWhicheverWayItComes() async throws {
        try await Self.with { database, phones in
            let approvals = ApprovalRepository(database.pool)
            let person = ApprovalRepositoryTests.person(2)
            let counted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        if number % 2 == 0 {
                            let verdict = try await phones.take(Self.answer, of: Self.house, at: .now)
                            if case .counted = verdict { return true }
                            return false
                        }
                        let word: ApprovalVote.Word = number == 1 ? .reject(reason: "No.") : .approve(comment: nil)
                        do {
                            _ = try await approvals.vote(
                                ApprovalVote(word, by: person), on: ApprovalRepositoryTests.workflow, at: .now)
                            return true
                        } catch is ApprovalRefusal {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(counted == 1)
            #expect(
                try await database.scalar(
                    "SELECT count(*) FROM automation_audit_trail WHERE action_type <> 'SAFETY_CHANGE'") == "1")
        }
    }

    @Test func whatDoesNotCountUsesNothingUp() async throws {
        try await Self.with { database, phones in
            var other = Self.answer
            other.homeAssistantUser = "person3"
            #expect(try await take(other, phones) == .refused(.wrongPerson))
            other.homeAssistantUser = nil
            #expect(try await take(other, phones) == .refused(.wrongPerson))
            other = Self.answer
            other.tokenDigest[0] = 8
            #expect(try await take(other, phones) == .refused(.unknownToken))
            other = Self.answer
            other.workflow = WorkflowID()
            #expect(try await take(other, phones) == .refused(.unknownToken))
            #expect(try await phones.take(Self.answer, of: ConnectionID(), at: .now) == .refused(.unknownToken))
            #expect(try await database.status() == "PENDING")
            other = Self.answer
            other.isApproval = false
            other.reply = "Not at night."
            guard case .counted(let workflow) = try await take(other, phones) else {
                Issue.record("The right answer did not count.")
                return
            }
            #expect(workflow.status == .rejected && workflow.rejectionReason == "Not at night.")
        }
    }

    @Test func highRiskIsApprovedByPhoneOnlyWhereThatIsAllowed() async throws {
        try await Self.with(mayApproveHighRisk: false) { database, phones in
            #expect(try await take(Self.answer, phones) == .refused(.riskTooHigh))
            var rejection = Self.answer
            rejection.isApproval = false
            guard case .counted(let workflow) = try await take(rejection, phones) else {
                Issue.record("A phone may always reject.")
                return
            }
            #expect(workflow.rejectionReason == "Rejected by phone.")
        }
    }

    @Test func anExpiredOrDecidedProposalTakesNoAnswer() async throws {
        try await Self.with { database, phones in
            try await database.session.execute("ALTER TABLE approval_workflow DISABLE TRIGGER guard_approval_workflow")
            try await database.session.execute(
                "UPDATE approval_workflow SET created_at = now() - interval '8 days', expires_at = now() - interval '1 s'"
            )
            #expect(try await take(Self.answer, phones) == .refused(.notOpen))
            try await database.session.execute("UPDATE approval_workflow SET expires_at = NULL, status = 'CANCELLED'")
            #expect(try await take(Self.answer, phones) == .refused(.notOpen))
            // A refused answer is not used up.
            #expect(
                try await database.scalar("SELECT count(*) FROM approval_notification WHERE answered_at IS NOT NULL")
                    == "0")
        }
    }

    @Test func aPhoneThatIsNoLongerNamedCannotAnswer() async throws {
        try await Self.with { _, phones in
            try await phones.remove(ApprovalRepositoryTests.person(2), of: Self.house, by: nil, at: .now)
            #expect(try await take(Self.answer, phones) == .refused(.wrongPerson))
            #expect(try await phones.targets().isEmpty)
        }
    }

    @Test func onePersonAnswersForOneUserAndNamesAreChecked() async throws {
        try await Self.with { _, phones in
            func set(_ user: Int, _ service: String, _ person: String) async throws {
                try await phones.set(
                    NotificationTarget(
                        connection: Self.house, user: ApprovalRepositoryTests.person(user), service: service,
                        homeAssistantUser: person), by: nil, at: .now)
            }
            for (service, person) in [("mobile_app_three", "person2"), ("notify.x", "p3"), ("x", "p 3"), ("", "p3")] {
                let refusal = try await thrown(ApprovalRefusal.self) { try await set(3, service, person) }
                #expect(refusal.code == .invalid, "\(service) \(person)")
            }
            #expect(try await phones.targets().map(\.username) == ["user2"])
        }
    }
}
