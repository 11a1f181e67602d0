import BridgeCore
import HummingbirdCore
import Store

/// What the bridge concluded, and what people say to it.
enum DecisionEndpoints {
    /// What a person may say.
    private enum Word: String, CaseIterable {
        case approved = "APPROVED"
        case rejected = "REJECTED"
        case modified = "MODIFIED"

        var feedback: DecisionFeedback {
            switch self {
            case .approved: .approved
            case .rejected: .rejected
            case .modified: .modified
            }
        }
    }

    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let decisions = DecisionRepository(services.system, keys: services.auditKeys)
        endpoints.add(.get, "decisions", scope: .read) { call in
            let query = try call.query("connection", "type", "answered", "limit", "cursor")
            let limit = try query.limit()
            let ids = try await DecisionRepository(call.reader).page(
                connection: query.id("connection"), type: query.word("type"), isAnswered: query.flag("answered"),
                after: query.lastID(), limit: limit + 1)
            let rows = try await decisions.read(ids)
            return try .json(
                Page(rows, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: $0.id.description) }).jsonValue)
        }
        endpoints.add(.get, "decisions/:id", scope: .read) { call in
            _ = try call.query()
            return try .json(try await find(call, decisions).jsonValue)
        }
        endpoints.add(.post, "decisions/:id/feedback", scope: .govern) { call in
            let body = try await call.body("feedback", "comment")
            guard let word = try body.word("feedback", as: Word.self) else {
                throw Problem.invalid("“feedback” is missing.")
            }
            let comment = try body.text("comment")
            let decision = try await find(call, decisions)
            try await call.deed {
                try await decisions.answer(
                    decision.id, word.feedback, comment: comment, by: call.principal.user, from: call.origin)
            }
            return try .json(try await find(call, decisions).jsonValue)
        }
    }

    /// The decision of the path. Throws a `Problem` where the principal sees none of that id.
    private static func find(_ call: Call, _ decisions: DecisionRepository) async throws -> StoredDecision {
        let id: DecisionID = try call.id()
        guard try await !DecisionRepository(call.reader).read([id]).isEmpty,
            let decision = try await decisions.read([id]).first
        else { throw Problem.notFound("decision") }
        return decision
    }
}
