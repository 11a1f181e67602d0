import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Twelve people decide one proposal at once.
@Suite(.needsPostgres) struct ApprovalRaceTests {
    private static let rounds = 12

    @Test func twelveApproversLeaveExactlyOneOutcome() async throws {
        let seed = TestSeed.value
        print("Seed of the race of approvers: \(seed)")
        var generator = SeededGenerator(seed: seed)
        try await ManagedHouse.with { database in
            let approvals = ApprovalRepository(database.pool)
            for round in 1...Self.rounds {
                let digits = String(round)
                let id = "f0000000-0000-0000-0000-1" + String(repeating: "0", count: 11 - digits.count) + digits
                let workflow = try #require(WorkflowID(id))
                let needed = Int.random(in: 1...4, using: &generator)
                try await database.session.execute(
                    """
                    INSERT INTO approval_workflow
                        (id, automation_id, workflow_type, description, proposed_changes, required_approvals)
                    VALUES ('\(id)', '\(ManagedHouse.automation)', 'MODIFICATION', 'Round \(round)', '{}', '{\(needed)}')
                    """)
                for user in 1...12 { try await database.vote(user, "PENDING", workflow: id) }
                let rejects = (1...12).map { _ in Int.random(in: 0..<8, using: &generator) == 0 }
                let order = (1...12).shuffled(using: &generator)
                let verdicts = try await withThrowingTaskGroup(of: String.self) { group in
                    for user in order {
                        let isRejection = rejects[user - 1]
                        group.addTask {
                            let word: ApprovalVote.Word =
                                isRejection ? .reject(reason: "No, says \(user).") : .approve(comment: nil)
                            do {
                                _ = try await approvals.vote(
                                    ApprovalVote(word, by: ApprovalRepositoryTests.person(user)), on: workflow, at: .now
                                )
                                return isRejection ? "rejected" : "approved"
                            } catch let refusal as ApprovalRefusal {
                                return refusal.code.rawValue
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                try await check(database, id, needed: needed, verdicts, seed: seed)
            }
        }
    }

    /// Compares the row with what each of the twelve was told.
    private func check(
        _ database: StoreDatabase, _ id: String, needed: Int, _ verdicts: [String], seed: UInt64
    ) async throws {
        let status = try await database.status(of: id)
        let rejections = verdicts.count { $0 == "rejected" }
        let approvals = verdicts.count { $0 == "approved" }
        #expect(verdicts.count == 12 && Set(verdicts).isSubset(of: ["approved", "rejected", "decided"]), "\(seed)")
        switch status {
        case "APPROVED": #expect(approvals == needed && rejections == 0, "\(verdicts), seed \(seed)")
        case "REJECTED": #expect(rejections == 1 && approvals < needed, "\(verdicts), seed \(seed)")
        default: Issue.record("The round ended as \(status ?? "nothing"), seed \(seed)")
        }
        let stored = try await database.column(
            "SELECT status FROM approval_workflow_approvers WHERE workflow_id = '\(id)' AND status <> 'PENDING' ORDER BY 1"
        )
        #expect(stored.count { $0 == "APPROVED" } == approvals && stored.count { $0 == "REJECTED" } == rejections)
        let audited = try await database.scalar(
            "SELECT count(*) FROM automation_audit_trail WHERE workflow_id = '\(id)'")
        #expect(audited == "\(approvals + rejections)", "seed \(seed)")
    }
}
