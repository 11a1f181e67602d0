import Automation
import BridgeCore
import FoundationEssentials
import HummingbirdCore
import Store

/// `GET /automations` and what is known of one of them.
enum AutomationEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "automations", scope: .read, list)
        endpoints.add(.get, "automations/:id", scope: .read) { call in
            _ = try call.query()
            let automation = try await find(call)
            return try .json(document(automation, now: .now))
        }
        endpoints.add(.get, "automations/:id/runs", scope: .read, runs)
        let system = services.system
        endpoints.add(.get, "automations/:id/history", scope: .read) { call in
            let query = try call.query("limit", "cursor")
            let limit = try query.limit()
            let before = try query.lastNumber()
            let automation = try await find(call)
            // Readers see no names but their own; the automation is theirs, and so is its history.
            let moves = try await LifecycleRepository(system)
                .history(of: automation.id, before: before, limit: limit + 1)
            return try .json(
                Page(moves, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: String($0.sequence)) })
                    .jsonValue)
        }
    }

    /// The automation of the path. Throws a `Problem` where the principal sees none of that id.
    static func find(_ call: Call) async throws -> StoredAutomation {
        let found = try await AutomationRepository(call.reader).find(id: call.id())
        guard let found else { throw Problem.notFound("automation") }
        return found
    }

    @Sendable
    private static func list(_ call: Call) async throws -> Response {
        let query = try call.query("connection", "state", "limit", "cursor")
        let limit = try query.limit()
        // What is gone is of interest to those who ask for it.
        let states =
            try query.word("state", as: LifecycleState.self).map { [$0] }
            ?? LifecycleState.allCases.filter { $0 != .retired && $0 != .rejected }
        let automations = try await AutomationRepository(call.reader).page(
            connection: query.id("connection"), states: states, after: query.lastID(), limit: limit + 1)
        return try .json(
            Page(
                automations, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: $0.id.description) }
            ).jsonValue)
    }

    /// All of it, and the parts of its score in words.
    private static func document(_ automation: StoredAutomation, now: Timestamp) -> JSONValue {
        let breakdown = automation.scoreBreakdown.flatMap { try? ScoreBreakdown(json: $0) }
        return automation.jsonValue.adding([
            "score_explanation": .optional(breakdown?.explanation),
            "score_parts": .array(breakdown?.parts(now: now).map(\.jsonValue) ?? []),
        ])
    }

    @Sendable
    private static func runs(_ call: Call) async throws -> Response {
        let query = try call.query("since", "status", "limit", "cursor")
        let limit = try query.limit()
        let since = try query.time("since")
        let status = try query.word("status", as: ExecutionStatus.self)
        let after = try query.lastID(as: RunID.self)
        let automation = try await find(call)
        let runs = try await ExecutionRepository(call.reader).page(
            automation.id, since: since, status: status, after: after?.uuid, limit: limit + 1)
        return try .json(
            Page(runs, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: RunID($0.id).description) })
                .jsonValue)
    }

    /// A row of `automation_executions`.
    private struct RunID: TypedIdentifier {
        let uuid: UUID
        init(_ uuid: UUID) { self.uuid = uuid }
    }
}

extension JSONValue {
    /// The object with `members` added to it.
    func adding(_ members: [String: JSONValue]) -> JSONValue {
        guard case .object(let own) = self else { return self }
        return .object(own.merging(members) { _, added in added })
    }
}
