import BridgeCore
import HummingbirdCore
import Store

/// What no change may do, and what asks first. Rules for every house are an administrator's, but everybody sees them: they hold
/// for their houses.
enum RuleEndpoints {
    private static let priorities: ClosedRange<Int64> = 1...1_000_000

    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let rules = SafetyRuleRepository(services.system, keys: services.auditKeys)
        endpoints.add(.get, "rules", scope: .read) { call in
            let query = try call.query("connection", "limit", "cursor")
            let limit = try query.limit()
            let connection: ConnectionID? = try query.id("connection")
            let after: SafetyRuleID? = try query.lastID()
            let visible = try await Houses(call).ids
            // What holds for a house that one does not see is nothing.
            let isKnown = connection.map(visible.contains) ?? true
            let found =
                isKnown
                ? try await rules.page(of: visible, connection: connection, after: after, limit: limit + 1) : []
            return try .json(
                Page(found, limit: limit, item: document, cursor: { PageCursor(after: $0.id.description) }).jsonValue)
        }
        endpoints.add(.post, "rules", scope: .govern) { call in
            let body = try await call.body(
                "connection", "name", "type", "condition", "action", "description", "priority", "active")
            guard let condition = try condition(in: body), let action: SafetyRuleAction = try body.word("action") else {
                throw Problem.invalid("A rule needs “name”, “condition” and “action”.")
            }
            let draft = SafetyRuleDraft(
                connection: try body.connection(), name: try checked(try body.requiredText("name", limit: 255)),
                type: try body.word("type") ?? SafetyRuleType(condition: condition),
                description: try body.text("description"), condition: condition, action: action,
                priority: try body.integer("priority", in: priorities).map(Int.init) ?? 100,
                isActive: try body.flag("active") ?? true)
            try await call.requireSay(over: draft.connection, everyHouse)
            let rule = try await call.deed {
                try await rules.add(draft, by: call.principal.user, from: call.origin, at: .now)
            }
            return try .json(document(rule), status: .created)
        }
        endpoints.add(.patch, "rules/:id", scope: .govern) { call in
            let body = try await call.body("name", "condition", "action", "description", "priority", "active")
            let old = try await find(call, rules)
            var draft = SafetyRuleDraft(old)
            draft.name = try body.text("name", limit: 255).map(checked) ?? draft.name
            draft.condition = try condition(in: body) ?? draft.condition
            draft.action = try body.word("action") ?? draft.action
            draft.description = try body.text("description") ?? draft.description
            draft.priority = try body.integer("priority", in: priorities).map(Int.init) ?? draft.priority
            draft.isActive = try body.flag("active") ?? draft.isActive
            try await call.requireSay(over: old.connection, everyHouse)
            // Nothing to change is nothing to write down.
            guard draft != SafetyRuleDraft(old) else { return try .json(document(old)) }
            let wanted = draft
            let rule = try await call.deed {
                try await rules.set(old, to: wanted, by: call.principal.user, from: call.origin, at: .now)
            }
            return try .json(document(rule))
        }
        endpoints.add(.delete, "rules/:id", scope: .govern) { call in
            _ = try call.query()
            let rule = try await find(call, rules)
            try await call.requireSay(over: rule.connection, everyHouse)
            try await call.deed {
                try await rules.remove(rule, by: call.principal.user, from: call.origin, at: .now)
            }
            return .noContent
        }
    }

    private static let everyHouse = "A rule for every house"

    /// The rule of the path. Throws a `Problem` where it is of a house that the principal does not see.
    private static func find(_ call: Call, _ rules: SafetyRuleRepository) async throws -> StoredSafetyRule {
        guard let rule = try await rules.find(id: call.id()) else { throw Problem.notFound("rule") }
        if let connection = rule.connection, try await !Houses(call).ids.contains(connection) {
            throw Problem.notFound("rule")
        }
        return rule
    }

    private static func condition(in body: BodyReader) throws(Problem) -> String? {
        guard let value = body.value("condition") else { return nil }
        guard case .object = value, let text = try? value.text(indented: false) else {
            throw .invalid("“condition” takes an object.")
        }
        return text
    }

    /// A name that every terminal shows as it is.
    private static func checked(_ name: String) throws(Problem) -> String {
        guard PrintableText.of(name) == name else {
            throw .unfit("The name holds control characters or marks that turn the direction of writing.")
        }
        return name
    }

    private static func document(_ rule: StoredSafetyRule) -> JSONValue {
        rule.jsonValue.adding(["connection_id": .optional(rule.connection?.description)])
    }
}
