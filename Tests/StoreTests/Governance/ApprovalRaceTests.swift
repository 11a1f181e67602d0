import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Twelve people decide one proposal at once, each over a session of their own, while its owner may be withdrawing it.
@Suite(.needsPostgres) struct ApprovalRaceTests {
    private static let rounds = 16

    private struct Round {
        let workflow: WorkflowID
        /// Approvals of one level.
        let needed: Int
        /// Who rejects, by number from 0.
        let rejects: [Bool]
        /// In which order they begin; 13 withdraws it.
        let order: [Int]
    }

    @Test func twelveApproversLeaveExactlyOneOutcome() async throws {
        print("Seed of the race of approvers: \(TestSeed.value)")
        var generator = SeededGenerator(seed: TestSeed.value)
        try await ManagedHouse.with { database in
            let pool = PostgresPool(
                database.configuration.taking(.writer), size: 13, logger: StoreDatabase.logger)
            do {
                for number in 1...Self.rounds {
                    let people = Int.random(in: 0..<3, using: &generator) == 0 ? 13 : 12
                    let round = Round(
                        workflow: WorkflowID(), needed: Int.random(in: 1...4, using: &generator),
                        rejects: (1...12).map { _ in Int.random(in: 0..<8, using: &generator) == 0 },
                        order: (1...people).shuffled(using: &generator))
                    try await play(round, number, database, ApprovalRepository(pool))
                }
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    private func play(
        _ round: Round, _ number: Int, _ database: StoreDatabase, _ approvals: ApprovalRepository
    ) async throws {
        let id = round.workflow.description
        try await database.session.execute(
            """
            INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes, required_approvals)
            VALUES ('\(id)', '\(ManagedHouse.automation)', 'MODIFICATION', 'Round \(number)', '{}', '{\(round.needed)}')
            """)
        for user in 1...12 { try await database.vote(user, "PENDING", workflow: id) }
        let verdicts = try await withThrowingTaskGroup(of: String.self) { group in
            for user in round.order { group.addTask { try await Self.act(user, round, approvals) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await check(database, round, verdicts)
    }

    /// What one of them is told.
    private static func act(_ user: Int, _ round: Round, _ approvals: ApprovalRepository) async throws -> String {
        do {
            guard user <= 12 else {
                _ = try await approvals.cancel(
                    round.workflow, by: ApprovalRepositoryTests.person(1), reason: nil, at: .now)
                return "cancelled"
            }
            let isRejection = round.rejects[user - 1]
            let word: ApprovalVote.Word = isRejection ? .reject(reason: "No, says \(user).") : .approve(comment: nil)
            _ = try await approvals.vote(
                ApprovalVote(word, by: ApprovalRepositoryTests.person(user)), on: round.workflow, at: .now)
            return isRejection ? "rejected" : "approved"
        } catch let refusal as ApprovalRefusal {
            return refusal.code.rawValue
        }
    }

    /// Compares the rows with what each of them was told.
    private func check(_ database: StoreDatabase, _ round: Round, _ verdicts: [String]) async throws {
        let id = round.workflow.description
        let status = try await database.status(of: id)
        func count(_ word: String) -> Int { verdicts.count { $0 == word } }
        let told: Comment = "\(verdicts), \(round.needed) needed, seed \(TestSeed.value)"
        #expect(verdicts.count == round.order.count, told)
        #expect(Set(verdicts).isSubset(of: ["approved", "rejected", "cancelled", "decided"]), told)
        switch status {
        case "APPROVED": #expect(count("approved") == round.needed && count("rejected") + count("cancelled") == 0, told)
        case "REJECTED":
            #expect(count("rejected") == 1 && count("approved") < round.needed && count("cancelled") == 0, told)
        // What is approved may still be withdrawn before it is carried out.
        case "CANCELLED":
            #expect(count("cancelled") == 1 && count("rejected") == 0 && count("approved") <= round.needed, told)
        default: Issue.record("The round ended as \(status ?? "nothing"): \(told)")
        }
        let stored = try await database.column(
            "SELECT status FROM approval_workflow_approvers WHERE workflow_id = '\(id)' AND status <> 'PENDING'")
        #expect(stored.count { $0 == "APPROVED" } == count("approved"), told)
        #expect(stored.count { $0 == "REJECTED" } == count("rejected"), told)
        let audited = try await database.scalar(
            "SELECT count(*) FROM automation_audit_trail WHERE workflow_id = '\(id)'")
        #expect(audited == "\(count("approved") + count("rejected") + count("cancelled"))", told)
    }
}
