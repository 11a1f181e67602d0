import BridgeCore
import PostgresClient
import Store

/// What `status` says of proposals, changes and stops.
struct GovernanceStatus {
    let overview: GovernanceOverview

    /// Reads the database; the schema must be current.
    init(pool: PostgresPool) async throws { overview = try await GovernanceOverview(pool) }

    /// The lines for a person: what there is nothing of is left out, but for the proposals.
    func facts(now: Timestamp) -> [(String, String)] {
        var facts: [(String, String)] = []
        for stop in overview.stops {
            facts.append(("Stopped", "\(stop.sentence) Release it: \(EmergencyStop.releaseCommand(stop))"))
        }
        var parts: [String] = []
        if overview.waiting > 0 {
            parts.append(
                overview.waiting == 1
                    ? "1 proposal waits for a decision" : "\(overview.waiting) proposals wait for a decision")
            if let expiry = overview.nextExpiry { parts.append("the next expires \(TimeText.table(expiry))") }
        }
        if overview.approved > 0 { parts.append("\(overview.approved) approved, not begun") }
        facts.append(
            (
                "Approvals",
                parts.isEmpty ? "none wait" : parts.joined(separator: ", ") + ". See: ha-bridge approval list"
            ))
        if !overview.operations.isEmpty {
            let operations = overview.operations.map { operation in
                "\(operation.isRollback ? "rolling back" : "changing") “\(operation.automationName)” (\(operation.step), "
                    + "\(TimeText.ago(operation.initiatedAt, now: now)))"
            }
            facts.append(("Changes", operations.joined(separator: ", ")))
        }
        return facts
    }

    var jsonValue: JSONValue {
        .object([
            "approvals_waiting": .integer(Int64(overview.waiting)),
            "next_expiry": .time(overview.nextExpiry),
            "approved_not_begun": .integer(Int64(overview.approved)),
            "operations": .array(
                overview.operations.map { operation in
                    .object([
                        "automation": .string(operation.automationName),
                        "connection": .string(operation.connectionName),
                        "is_rollback": .bool(operation.isRollback), "step": .string(operation.step),
                        "initiated_at": .time(operation.initiatedAt),
                    ])
                }),
            "emergency_stops": .array(overview.stops.map(\.jsonValue)),
        ])
    }
}
