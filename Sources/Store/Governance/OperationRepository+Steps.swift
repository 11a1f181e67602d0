import BridgeCore
import FoundationEssentials
import PostgresClient

/// What one step of an operation leaves, stored in one transaction.
package struct OperationChange: Sendable {
    /// A move of the automation's lifecycle, made where it is legal.
    package struct Move: Sendable, Equatable {
        package var state: LifecycleState
        /// One sentence.
        package var reason: String
        /// The approval behind it.
        package var workflow: WorkflowID?

        package init(to state: LifecycleState, because reason: String, workflow: WorkflowID? = nil) {
            self.state = state
            self.reason = reason
            self.workflow = workflow
        }
    }

    /// The step that begins.
    package var step: OperationStep?
    /// How it ends.
    package var status: OperationStatus?
    /// Why it failed, in sentences, free of secrets.
    package var message: String?
    /// What is there before the change, to be stored.
    package var before: NewBackup?
    package var wasEnabled: Bool?
    /// Home Assistant has taken the write.
    package var isWritten = false
    /// What is there after the change; stored unless the newest version is the same and read as well.
    package var after: NewBackup?
    /// A JSON object with placeholders: what a rollback writes.
    package var written: String?
    package var move: Move?
    package var modifiedBy: UserID?
    /// Begins the rollback of this change, for this reason.
    package var undoes: String?
    package var audit: [AutomationAuditEntry] = []

    package init(step: OperationStep? = nil, status: OperationStatus? = nil, message: String? = nil) {
        self.step = step
        self.status = status
        self.message = message
    }
}

extension OperationRepository {
    /// Begins to apply a workflow. Returns `nil`, and changes nothing, where the lease of the connection is not held as claimed,
    /// the workflow is not approved any more or has begun already.
    package func begin(
        _ workflow: WorkflowID, of connection: ConnectionID, under claims: LeaseClaims? = nil
    ) async throws -> StoredOperation? {
        try await pool.withConnection { session in
            try await session.transaction { session in
                guard try LeaseClaims.lock("automation_changes", of: connection, under: claims, session) else {
                    return nil
                }
                // A stop that is being engaged comes before this operation or after it, never beside it.
                _ = try session.query(
                    "SELECT automation_lock_writes($1)", [.id(connection)], name: "lock_house_writes")
                let rows = try session.query(
                    """
                    INSERT INTO automation_apply_operation AS operation (connection_id, automation_id, workflow_id, initiated_by)
                    SELECT connection_id, automation_id, id, coalesce(approved_by, created_by)
                    FROM approval_workflow AS workflow
                    WHERE id = $1 AND connection_id = $2 AND \(Self.isDue)
                        AND NOT EXISTS (SELECT FROM automation_apply_operation AS other
                            WHERE other.automation_id = workflow.automation_id AND other.status = 'IN_PROGRESS')
                    RETURNING \(StoredOperation.columns(.apply))
                    """, [.id(workflow), .id(connection)], name: "begin_apply")
                return try rows.first.map(StoredOperation.init(row:))
            }
        }
    }

    /// Stores what a step of an operation leaves, all or nothing, and returns the row as it is then. `nil`, and nothing is stored,
    /// where somebody else has ended the operation or moved it on, or the lease is not held as claimed.
    package func record(
        _ change: OperationChange, of operation: StoredOperation, under claims: LeaseClaims? = nil
    ) async throws -> StoredOperation? {
        try await pool.withConnection { session in
            try await session.transaction { session in
                guard
                    try LeaseClaims.lock("automation_changes", of: operation.connection, under: claims, session),
                    try isStill(operation, session)
                else { return nil }
                var before: BackupID?
                if let backup = change.before {
                    before = try BackupRepository.store(backup, of: operation.automation, session)
                }
                if let version = change.after {
                    try BackupRepository.storeUnlessRead(version, of: operation.automation, session)
                }
                let updated = try update(operation, change, before: before, session)
                if let move = change.move { try self.move(operation.automation, move, change.modifiedBy, session) }
                if let person = change.modifiedBy {
                    _ = try session.query(
                        """
                        UPDATE automation_management SET modified_by = $2
                        WHERE id = $1 AND modified_by IS DISTINCT FROM $2::uuid
                        """, [.id(operation.automation), .id(person)], name: "note_modifier")
                }
                if let reason = change.undoes { try beginUndo(of: operation, because: reason, session) }
                if !change.audit.isEmpty { try audit.append(change.audit, in: session) }
                return updated
            }
        }
    }

    /// Runs `body`, which may write to Home Assistant once, while no emergency stop can be engaged and nobody else works on the
    /// operation, and stores the change that it returns. `body` has to end within nine seconds: a stop waits for ten.
    ///
    /// Returns `nil`, without calling `body`, under a stop, where the operation is not as it was, or where the lease is not held.
    /// What `body` throws is thrown on; nothing is stored then.
    package func writing(
        _ operation: StoredOperation, under claims: LeaseClaims? = nil,
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> OperationChange
    ) async throws -> StoredOperation? {
        try await pool.withConnection { session in
            // By hand: the thread of the session must not be held while Home Assistant answers.
            try await session.execute(
                """
                BEGIN ISOLATION LEVEL READ COMMITTED;
                SELECT set_config('idle_in_transaction_session_timeout', '20s', true)
                """, name: "begin_write")
            let mayWrite = try await session.query(
                "SELECT automation_lock_writes($1) AS may", [.id(operation.connection)], name: "lock_house_writes"
            ).first?.bool("may")
            // Not locked, unlike elsewhere: the lease is to be renewed meanwhile.
            guard mayWrite == true, try await holds(claims, operation.connection, session),
                try await isStill(operation, session)
            else {
                try await session.execute("ROLLBACK", name: "leave_write")
                return nil
            }
            let change = try await body()
            let updated = try await update(operation, change, before: nil, session)
            try await session.execute("COMMIT", name: "end_write")
            return updated
        }
    }

    // MARK: Within a transaction

    /// Locks the row, and says whether it is as it was.
    private func isStill(_ operation: StoredOperation, _ session: isolated PostgresConnection) throws -> Bool {
        let rows = try session.query(
            """
            SELECT FROM \(operation.kind.table)
            WHERE id = $1 AND status = 'IN_PROGRESS' AND step = $2 FOR NO KEY UPDATE
            """, [.id(operation.id), .text(operation.step.rawValue)], name: "lock_operation")
        return !rows.isEmpty
    }

    private func holds(
        _ claims: LeaseClaims?, _ connection: ConnectionID, _ session: isolated PostgresConnection
    ) throws -> Bool {
        guard let claims else { return true }
        guard let epoch = claims.epochs[connection] else { return false }
        let rows = try session.query(
            "SELECT FROM home_assistant_connection_leases WHERE connection_id = $1 AND holder = $2 AND epoch = $3",
            [.id(connection), .id(claims.bridge), .int(epoch)], name: "look_at_lease")
        return !rows.isEmpty
    }

    private func update(
        _ operation: StoredOperation, _ change: OperationChange, before: BackupID?,
        _ session: isolated PostgresConnection
    ) throws -> StoredOperation? {
        let column = operation.kind == .apply ? "backup_id" : "safety_backup_id"
        // Only a rollback has the column.
        let written =
            operation.kind == .apply ? "" : ", rollback_configuration = coalesce($8::jsonb, rollback_configuration)"
        var parameters: [PostgresValue] = [
            .id(operation.id), .optional(change.step) { .text($0.rawValue) },
            .optional(change.status) { .text($0.rawValue) },
            .optional(change.message) { .text(StorableText.fitting($0)) }, .optional(before) { .id($0) },
            .optional(change.wasEnabled) { .bool($0) }, .bool(change.isWritten),
        ]
        if operation.kind == .rollback { parameters.append(.optional(change.written) { .json($0) }) }
        return try session.query(
            """
            UPDATE \(operation.kind.table) AS operation SET step = coalesce($2, step), status = coalesce($3, status),
                error_message = coalesce($4, error_message), \(column) = coalesce($5::uuid, \(column)),
                was_enabled = coalesce($6::boolean, was_enabled),
                written_at = CASE WHEN $7::boolean THEN clock_timestamp() ELSE written_at END\(written)
            WHERE id = $1 RETURNING \(StoredOperation.columns(operation.kind))
            """, parameters, name: "update_operation"
        ).first.map(StoredOperation.init(row:))
    }

    /// A move that is not legal, or has been made, is passed over: the inventory may have seen first what was done. What was
    /// degraded before it was switched off is so again.
    private func move(
        _ automation: AutomationID, _ move: OperationChange.Move, _ person: UserID?,
        _ session: isolated PostgresConnection
    ) throws {
        _ = try session.query(
            """
            WITH standing AS MATERIALIZED (
                SELECT known.id, known.lifecycle_state AS previous_state, CASE
                    WHEN $2::text = 'ACTIVE' AND known.lifecycle_state IN ('PAUSED', 'UNAVAILABLE')
                        AND (SELECT past.new_state FROM automation_lifecycle_history AS past
                            WHERE past.automation_id = known.id AND past.new_state NOT IN ('PAUSED', 'UNAVAILABLE')
                            ORDER BY past.sequence DESC LIMIT 1) = 'DEGRADED' THEN 'DEGRADED'
                    ELSE $2::text END AS next_state
                FROM automation_management AS known WHERE known.id = $1 FOR NO KEY UPDATE
            )
            SELECT automation_change_lifecycle(standing.id, next_state, $3, $4::uuid, NULL, $5::uuid)
            FROM standing
            JOIN automation_lifecycle_transition AS transition USING (previous_state)
            WHERE transition.new_state = standing.next_state
            """,
            [
                .id(automation), .text(move.state.rawValue), .text(StorableText.fitting(move.reason)),
                .optional(person) { .id($0) }, .optional(move.workflow) { .id($0) },
            ], name: "move_by_change")
    }

    private func beginUndo(
        of operation: StoredOperation, because reason: String, _ session: isolated PostgresConnection
    ) throws {
        _ = try session.query(
            """
            INSERT INTO rollback_operation (
                connection_id, automation_id, backup_id, apply_operation_id, rollback_reason, rollback_type, was_enabled)
            SELECT connection_id, automation_id, backup_id, id, $2, 'AUTOMATIC', was_enabled
            FROM automation_apply_operation AS undone WHERE id = $1
                AND NOT EXISTS (SELECT FROM rollback_operation AS other
                    WHERE other.automation_id = undone.automation_id AND other.status = 'IN_PROGRESS')
            """, [.id(operation.id), .text(StorableText.fitting(reason))], name: "begin_undo")
    }
}
