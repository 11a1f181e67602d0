import BridgeCore
import PostgresClient

/// The table `automation_management`: reading. What the inventory writes is in `AutomationRepository+Inventory.swift`.
///
/// Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest.
package struct AutomationRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Automations by the name of their connection and their own; those of removed connections are left out. An empty list of
    /// `states` asks for all.
    package func list(connection: ConnectionID? = nil, states: [LifecycleState] = []) async throws -> [StoredAutomation]
    {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT \(StoredAutomation.columns)
                FROM automation_management AS automation
                JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR automation.connection_id = $1::uuid)
                    AND ($2::text[] = '{}' OR automation.lifecycle_state = ANY ($2::text[]))
                ORDER BY connection.name, connection.id, lower(automation.name), automation.home_assistant_automation_id
                """,
                [.optional(connection) { .id($0) }, .textArray(states.map(\.rawValue))], name: "list_automations")
            return try result.map(StoredAutomation.init(row:))
        }
    }

    /// Some automations by name, whatever their connection; those of removed connections are left out. An empty list of `states`
    /// asks for all. `after` is the automation behind which to go on.
    package func page(
        connection: ConnectionID? = nil, states: [LifecycleState] = [], after: AutomationID? = nil, limit: Int
    ) async throws -> [StoredAutomation] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredAutomation.columns)
                FROM automation_management AS automation
                JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR automation.connection_id = $1::uuid)
                    AND ($2::text[] = '{}' OR automation.lifecycle_state = ANY ($2::text[]))
                    AND ($3::uuid IS NULL OR (lower(automation.name), automation.id) > (
                        SELECT lower(last.name), last.id FROM automation_management AS last WHERE last.id = $3::uuid))
                ORDER BY lower(automation.name), automation.id
                LIMIT $4
                """,
                [
                    .optional(connection) { .id($0) }, .textArray(states.map(\.rawValue)), .optional(after) { .id($0) },
                    .int(Int64(max(0, limit))),
                ], name: "page_automations"
            ).map(StoredAutomation.init(row:))
        }
    }

    /// The automation of this row id, or `nil`.
    package func find(id: AutomationID) async throws -> StoredAutomation? {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT \(StoredAutomation.columns)
                FROM automation_management AS automation
                JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                WHERE automation.id = $1
                """, [.id(id)], name: "find_automation")
            return try result.first.map(StoredAutomation.init(row:))
        }
    }

    /// The automation that `text` names: by its row id, its id in Home Assistant, its entity id with or without `automation.`, or its
    /// name without regard to upper and lower case, whichever of these fits first. Among several, those that are still there come
    /// first.
    ///
    /// Throws `.notFound`, and `.ambiguous` where several fit equally well.
    package func find(_ text: String, connection: ConnectionID? = nil) async throws -> StoredAutomation {
        let text = StorableText.fitting(text)
        let found = try await pool.withConnection { session in
            let result = try await session.query(
                """
                WITH fitting AS (
                    SELECT automation.id,
                        rank() OVER (ORDER BY
                            CASE WHEN automation.id::text = lower($1) THEN 0
                                WHEN automation.home_assistant_automation_id = $1 THEN 1
                                WHEN automation.entity_id IN ($1, 'automation.' || $1) THEN 2 ELSE 3 END,
                            automation.is_active DESC) AS place
                    FROM automation_management AS automation
                    JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                    WHERE connection.removed_at IS NULL AND ($2::uuid IS NULL OR automation.connection_id = $2::uuid)
                        AND (automation.id::text = lower($1) OR automation.home_assistant_automation_id = $1
                            OR automation.entity_id IN ($1, 'automation.' || $1)
                            OR lower(automation.name) = lower($1))
                )
                SELECT \(StoredAutomation.columns)
                FROM fitting
                JOIN automation_management AS automation ON automation.id = fitting.id
                JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                WHERE fitting.place = 1
                ORDER BY connection.name, automation.home_assistant_automation_id
                LIMIT 20
                """, [.text(text), .optional(connection) { .id($0) }], name: "find_automation_by_name")
            return try result.map(StoredAutomation.init(row:))
        }
        if found.count > 1 {
            let fitting = found.map { "\($0.homeAssistantID) of \($0.connectionName)" }.joined(separator: ", ")
            let isOfOne = Set(found.map(\.connectionID)).count == 1
            throw StoreError(
                .ambiguous,
                "“\(text)” may be any of these automations: \(fitting)."
                    + (isOfOne ? " Give the id instead." : " Add --connection NAME."))
        }
        guard let automation = found.first else {
            throw StoreError(
                .notFound,
                "There is no automation “\(text)”. `ha-bridge automation list` shows those there are.")
        }
        return automation
    }

    /// What the stored events say last, of today and yesterday, of the states of these entities. Entities without such an event
    /// are absent; `state` is `nil` for one that was removed.
    package func latestStates(
        of entities: some Collection<String>, connection: ConnectionID
    ) async throws -> [String: (state: String?, attributes: String?)] {
        let result = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT asked.entity_id, event.new_state, event.attributes
                FROM unnest($2::text[]) AS asked (entity_id)
                CROSS JOIN LATERAL (
                    SELECT new_state, attributes FROM home_assistant_events
                    WHERE entity_id = asked.entity_id AND connection_id = $1 AND event_type = 'state_changed'
                        AND timestamp > now() - interval '1 day'
                    ORDER BY timestamp DESC LIMIT 1
                ) AS event
                """, [.id(connection), .textArray(Array(entities))], name: "latest_automation_states")
        }
        var states: [String: (state: String?, attributes: String?)] = [:]
        for row in result {
            states[try row.string("entity_id")] = (
                try row.optionalString("new_state"), try row.optionalString("attributes")
            )
        }
        return states
    }
}
