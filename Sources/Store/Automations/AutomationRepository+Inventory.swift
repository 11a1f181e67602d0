import BridgeCore
import PostgresClient

extension AutomationRepository {
    /// Brings the table up to date with what Home Assistant lists, in one transaction and one at a time for each connection.
    ///
    /// New automations begin in the state given, or wait for one. Known ones move as the listing says, with a reason: back from
    /// PAUSED or UNAVAILABLE to DEGRADED where they were that before. What was retired or rejected and is there again is taken up
    /// again; what is proposed is left where it stands. Rows that are as they were are not touched. Returns `nil`, and changes
    /// nothing, when the connection is gone or marked as removed, or its lease is not held as claimed. Throws `PostgresError`.
    package func merge(
        _ listing: AutomationListing, of connection: ConnectionID, under claims: LeaseClaims? = nil
    ) async throws -> AutomationMerge? {
        let parameters: [PostgresValue] = [.id(connection), .json(listing.json)]
        return try await pool.withConnection { session in
            try await session.transaction(deadline: .seconds(60)) { session in
                guard try LeaseClaims.lock("automation_management", of: connection, under: claims, session) else {
                    return nil
                }
                var merge = AutomationMerge()
                _ = try session.query(InventorySQL.adopt, parameters, name: "adopt_automations")
                for row in try session.query(InventorySQL.upsert, parameters, name: "upsert_automations") {
                    if try row.bool("is_new") { merge.added += 1 } else { merge.changed += 1 }
                }
                _ = try session.query(InventorySQL.reopen, parameters, name: "reopen_automations")
                try Self.collect(
                    try session.query(InventorySQL.move, parameters, name: "move_automations"), &merge.moves)
                for row in try session.query(InventorySQL.missing, parameters, name: "missing_automations") {
                    merge.missing.insert(try row.string("home_assistant_automation_id"))
                }
                let gone = listing.gone.filter(merge.missing.contains)
                if !gone.isEmpty {
                    try Self.collect(
                        try session.query(
                            InventorySQL.retire, [.id(connection), .textArray(gone)], name: "retire_automations"),
                        &merge.moves)
                    merge.missing.subtract(gone)
                }
                for row in try session.query(InventorySQL.rows, parameters, name: "listed_automations") {
                    merge.rows[try row.string("home_assistant_automation_id")] = try row.id("id")
                }
                return merge
            }
        }
    }

    /// What was read of one automation's configuration.
    package struct Details: Sendable, Equatable {
        package var automation: AutomationID
        package var description: String?
        /// Whether a configuration was read; otherwise the description stays as it is.
        package var isRead: Bool
        /// What it lacks, one sentence each.
        package var problems: [String]
        /// The digest of `version`, or of the version that is stored already; `nil` leaves what is there.
        package var digest: [UInt8]?
        /// To be stored unless the newest version has the same digest.
        package var version: NewBackup?

        package init(
            automation: AutomationID, description: String? = nil, isRead: Bool = true, problems: [String] = [],
            digest: [UInt8]? = nil, version: NewBackup? = nil
        ) {
            self.automation = automation
            self.description = description
            self.isRead = isRead
            self.problems = problems
            self.digest = digest
            self.version = version
        }
    }

    /// Stores what was read of a configuration, and its version where that is news. Returns the number of the new version, `0`
    /// when there is none, and `nil` when nothing may be written, as for `merge`.
    package func record(
        _ details: Details, of connection: ConnectionID, under claims: LeaseClaims? = nil
    ) async throws -> Int? {
        try await pool.withConnection { session in
            try await session.transaction { session in
                guard try LeaseClaims.lock("automation_management", of: connection, under: claims, session) else {
                    return nil
                }
                var number = 0
                if let version = details.version {
                    number = try BackupRepository.insertIfNew(version, of: details.automation, session) ?? 0
                }
                _ = try session.query(
                    InventorySQL.describe,
                    [
                        .id(connection), .id(details.automation),
                        .optional(details.description) { .text(StorableText.fitting($0)) },
                        // The separator of `StoredAutomation.columns` must not come up in a text.
                        .textArray(
                            details.problems.map {
                                StorableText.fitting($0).replacing("\u{1F}", with: "\u{FFFD}")
                            }),
                        .optional(details.digest) { .bytes($0) }, .bool(details.isRead),
                    ], name: "describe_automation")
                return number
            }
        }
    }

    private static func collect(_ rows: PostgresResult, _ moves: inout [AutomationMerge.Move]) throws {
        for row in rows where try row.bool("has_moved") {
            moves.append(
                AutomationMerge.Move(
                    automation: try row.id("id"), homeAssistantID: try row.string("home_assistant_automation_id"),
                    from: try row.enumeration("previous_state"), to: try row.enumeration("next_state")))
        }
    }

}

/// The statements of an inventory; `$1` is the connection, `$2` the listing unless said otherwise.
private enum InventorySQL {
    private static let listing = """
        listing AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset($2::jsonb) AS listed (
                automation_id text, has_own_id boolean, entity_id text, registry_id text, name text, mode text,
                is_enabled boolean, read_only_reason text, state text, detail text)
        )
        """

    /// An automation that had no id and was given one keeps its row, and so its history.
    static let adopt = """
        WITH \(listing)
        UPDATE automation_management AS known
        SET home_assistant_automation_id = listing.automation_id, has_own_id = TRUE, read_only_reason = NULL
        FROM listing
        WHERE known.connection_id = $1 AND NOT known.has_own_id AND listing.has_own_id
            AND known.entity_id = listing.entity_id
            AND NOT EXISTS (
                SELECT FROM automation_management AS other
                WHERE other.connection_id = $1 AND other.home_assistant_automation_id = listing.automation_id)
        """

    /// While a state is not certain, neither is whether the automation is switched on. An automation that is unavailable has no
    /// mode to show. When it was seen is noted every few hours only, since each change of a row counts its version up.
    static let upsert = """
        WITH \(listing), found AS MATERIALIZED (
            SELECT listing.automation_id, listing.has_own_id, listing.entity_id,
                coalesce(listing.registry_id, known.registry_id) AS registry_id, listing.name,
                coalesce(listing.mode, known.mode) AS mode,
                CASE WHEN listing.state IS NULL THEN known.is_enabled ELSE listing.is_enabled END AS is_enabled,
                listing.read_only_reason, coalesce(listing.state, 'ACTIVE') AS state, known.id AS known_id
            FROM listing
            LEFT JOIN automation_management AS known
                ON known.connection_id = $1 AND known.home_assistant_automation_id = listing.automation_id
            WHERE (known.id IS NOT NULL OR listing.state IS NOT NULL)
                AND (known.id IS NULL OR known.last_seen_at IS NULL OR known.last_seen_at < now() - interval '6 hours'
                    OR (known.has_own_id, known.entity_id, known.name, known.read_only_reason) IS DISTINCT FROM
                        (listing.has_own_id, listing.entity_id, listing.name, listing.read_only_reason)
                    OR known.registry_id IS DISTINCT FROM coalesce(listing.registry_id, known.registry_id)
                    OR known.mode IS DISTINCT FROM coalesce(listing.mode, known.mode)
                    OR listing.state IS NOT NULL AND known.is_enabled IS DISTINCT FROM listing.is_enabled)
        )
        INSERT INTO automation_management AS target (
            connection_id, home_assistant_automation_id, has_own_id, entity_id, registry_id, name, mode, is_enabled,
            read_only_reason, lifecycle_state, last_seen_at)
        SELECT $1::uuid, automation_id, has_own_id, entity_id, registry_id, name, mode, is_enabled, read_only_reason, state,
            now()
        FROM found
        ORDER BY automation_id
        ON CONFLICT (connection_id, home_assistant_automation_id) DO UPDATE SET
            has_own_id = EXCLUDED.has_own_id, entity_id = EXCLUDED.entity_id, registry_id = EXCLUDED.registry_id,
            name = EXCLUDED.name, mode = EXCLUDED.mode, is_enabled = EXCLUDED.is_enabled,
            read_only_reason = EXCLUDED.read_only_reason, last_seen_at = now()
        RETURNING target.created_at = now() AS is_new
        """

    /// A person made in Home Assistant what was rejected here.
    static let reopen = """
        WITH \(listing), rejected AS MATERIALIZED (
            SELECT known.id FROM automation_management AS known
            JOIN listing ON listing.automation_id = known.home_assistant_automation_id
            WHERE known.connection_id = $1 AND known.lifecycle_state = 'REJECTED' AND listing.state IS NOT NULL
            ORDER BY known.id
        )
        SELECT automation_change_lifecycle(id, 'RETIRED',
            'The proposal is closed for good: a person made the automation in Home Assistant.')
        FROM rejected
        """

    /// The reason is what `automation_lifecycle_transition` says of the move.
    static let move = """
        WITH \(listing), standing AS MATERIALIZED (
            SELECT known.id, known.home_assistant_automation_id, known.lifecycle_state AS previous_state, listing.detail,
                CASE
                    WHEN listing.state = 'ACTIVE' AND known.lifecycle_state = 'DEGRADED' THEN 'DEGRADED'
                    WHEN listing.state = 'ACTIVE' AND known.lifecycle_state IN ('PAUSED', 'UNAVAILABLE')
                        AND (SELECT past.new_state FROM automation_lifecycle_history AS past
                            WHERE past.automation_id = known.id AND past.new_state NOT IN ('PAUSED', 'UNAVAILABLE')
                            ORDER BY past.sequence DESC LIMIT 1) = 'DEGRADED' THEN 'DEGRADED'
                    ELSE listing.state
                END AS next_state
            FROM automation_management AS known
            JOIN listing ON listing.automation_id = known.home_assistant_automation_id
            WHERE known.connection_id = $1 AND listing.state IS NOT NULL
                AND known.lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED')
        ), moving AS MATERIALIZED (
            SELECT standing.*, transition.description AS reason
            FROM standing
            JOIN automation_lifecycle_transition AS transition USING (previous_state)
            WHERE transition.new_state = standing.next_state
            ORDER BY standing.id
        )
        SELECT id, home_assistant_automation_id, previous_state, next_state,
            automation_change_lifecycle(id, next_state, concat_ws(' ', reason, detail)) AS has_moved
        FROM moving
        """

    static let missing = """
        WITH \(listing)
        SELECT known.home_assistant_automation_id FROM automation_management AS known
        WHERE known.connection_id = $1 AND known.lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE')
            AND NOT EXISTS (SELECT FROM listing WHERE listing.automation_id = known.home_assistant_automation_id)
        """

    /// `$2`: the Home Assistant ids of those that are gone.
    static let retire = """
        WITH leaving AS MATERIALIZED (
            SELECT id, home_assistant_automation_id, lifecycle_state AS previous_state
            FROM automation_management
            WHERE connection_id = $1 AND home_assistant_automation_id = ANY ($2::text[])
                AND lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE')
            ORDER BY id
        )
        SELECT id, home_assistant_automation_id, previous_state, 'RETIRED' AS next_state,
            automation_change_lifecycle(id, 'RETIRED', 'Gone from Home Assistant.') AS has_moved
        FROM leaving
        """

    static let rows = """
        WITH \(listing)
        SELECT known.id, known.home_assistant_automation_id FROM automation_management AS known
        JOIN listing ON listing.automation_id = known.home_assistant_automation_id
        WHERE known.connection_id = $1
        """

    /// `$2` the automation, `$3` its description, `$4` its problems, `$5` the digest of its configuration, `$6` whether that was read.
    static let describe = """
        UPDATE automation_management
        SET description = CASE WHEN $6::boolean THEN $3 ELSE description END, problems = $4::text[],
            configuration_digest = coalesce($5::bytea, configuration_digest)
        WHERE connection_id = $1 AND id = $2::uuid
            AND (description, problems, configuration_digest) IS DISTINCT FROM (
                CASE WHEN $6::boolean THEN $3::text ELSE description END, $4::text[],
                coalesce($5::bytea, configuration_digest))
        """
}
