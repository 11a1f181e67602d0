import Automation
import BridgeCore
import HummingbirdCore
import PostgresClient
import Store

/// Proposals, and the word of those who decide them. What is approved is carried out by the running bridge, which nobody waits
/// for here.
enum ApprovalEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let system = services.system
        let approvals = ApprovalRepository(system, keys: services.auditKeys)
        endpoints.add(.get, "approvals", scope: .read) { call in
            let query = try call.query("status", "connection", "limit", "cursor")
            let limit = try query.limit()
            let ids = try await ApprovalRepository(call.reader).page(
                connection: query.id("connection"), status: query.word("status"), after: query.lastID(),
                limit: limit + 1)
            // Which ones is the reader's to say; the names of others in them it cannot see.
            let workflows = try await approvals.read(ids)
            return try .json(
                Page(workflows, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: $0.id.description) })
                    .jsonValue)
        }
        endpoints.add(.get, "approvals/:id", scope: .read) { call in
            _ = try call.query()
            return try await answer(try await find(call, approvals), call, system)
        }
        endpoints.add(.post, "approvals/:id/approve", scope: .govern) { call in
            let body = try await call.body("digest", "comment")
            let digest = try digest(of: body.requiredText("digest"))
            let vote = ApprovalVote(
                .approve(comment: try body.text("comment")), by: call.principal.user, shownDigest: digest,
                origin: call.origin)
            let shown = try await find(call, approvals)
            let after = try await call.deed { try await approvals.vote(vote, on: shown.id, at: .now) }
            return try await answer(after, call, system)
        }
        endpoints.add(.post, "approvals/:id/reject", scope: .govern) { call in
            let body = try await call.body("reason")
            let reason = try body.requiredText("reason")
            let shown = try await find(call, approvals)
            let vote = ApprovalVote(
                .reject(reason: reason), by: call.principal.user, shownDigest: shown.digest, origin: call.origin)
            let after = try await call.deed { try await approvals.vote(vote, on: shown.id, at: .now) }
            return try await answer(after, call, system)
        }
        endpoints.add(.post, "approvals/:id/cancel", scope: .govern) { call in
            let body = try await call.body("reason")
            let reason = try body.text("reason")
            let shown = try await find(call, approvals)
            let after = try await call.deed {
                try await approvals.cancel(
                    shown.id, by: call.principal.user, reason: reason, from: call.origin, at: .now)
            }
            return try await answer(after, call, system)
        }
    }

    /// The proposal of the path. Throws a `Problem` where the principal sees none of that id.
    private static func find(_ call: Call, _ approvals: ApprovalRepository) async throws -> StoredWorkflow {
        let id: WorkflowID = try call.id()
        guard try await ApprovalRepository(call.reader).read(id) != nil, let workflow = try await approvals.read(id)
        else { throw Problem.notFound("proposal") }
        return workflow
    }

    /// The 32 bytes that 64 digits stand for.
    private static func digest(of text: String) throws(Problem) -> [UInt8] {
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x41 + 10
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        guard text.utf8.count == 64, digits.count == 64 else {
            throw Problem(422, "invalid_value", "“digest” takes the 64 hexadecimal digits of proposal_digest.")
        }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func answer(_ workflow: StoredWorkflow, _ call: Call, _ system: PostgresPool) async throws
        -> Response
    {
        let portrait = try await ApprovalPortrait(of: workflow, in: system)
        let own = portrait.votes.first { $0.approver == call.principal.user }
        return try .json(
            portrait.jsonValue.adding([
                "needs": .string(portrait.needsText),
                "own_vote": .optional(own?.status.rawValue),
                "assessment": .array(
                    portrait.assessment.sections.map { section in
                        .object([
                            "title": .string(section.title), "lines": .array(section.lines.map { .string($0) }),
                        ])
                    }),
                "diff": .object([
                    "kind": .optional(portrait.change?.operation.rawValue),
                    "lines": portrait.difference(context: LineDifference.whole)?.linesDocument ?? .array([]),
                ]),
            ]))
    }
}
