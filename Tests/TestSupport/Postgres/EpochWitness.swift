import PostgresClient

/// Watches inside PostgreSQL under which lease each row of `home_assistant_events` is committed, whoever writes it.
///
/// Statement-level triggers note for each transaction the connections whose rows it wrote; the function that seals a batch is
/// wrapped to note what the writer claimed; and a deferred trigger, which runs in the COMMIT, notes what the lease is at that
/// moment. Nothing of it needs the writer's help.
package enum EpochWitness {
    /// What the witness has seen committed; each number counts connections of transactions.
    package struct Verdict: Sendable, Equatable, CustomStringConvertible {
        /// Written by the holder of the lease, under its epoch.
        package let underLease: Int
        /// Written without a claim, as rows are that were received under an earlier lease.
        package let unclaimed: Int
        /// Written by a transaction that was never sealed.
        package let unsealed: Int
        /// Committed under a claim that was not true: must be 0.
        package let stale: Int
        /// Rows in all.
        package let rows: Int

        /// What a test expects.
        package init(underLease: Int, unclaimed: Int, unsealed: Int, stale: Int, rows: Int) {
            self.underLease = underLease
            self.unclaimed = unclaimed
            self.unsealed = unsealed
            self.stale = stale
            self.rows = rows
        }

        package var description: String {
            "under a lease \(underLease), without a claim \(unclaimed), unsealed \(unsealed), stale \(stale), rows \(rows)"
        }
    }

    /// Installs the witness in a migrated database, before anything is written there.
    package static func install(on connection: PostgresConnection) async throws {
        try await connection.execute(tables, name: "witness_tables")
        try await connection.execute(triggers, name: "witness_triggers")
        try await connection.execute(wrapper, name: "witness_wrapper")
    }

    /// What was committed until now.
    package static func verdict(on connection: PostgresConnection) async throws -> Verdict {
        let result = try await connection.query(summary, name: "witness_verdict")
        guard let row = result.first else { throw PostgresError(.protocolViolation, "The witness gave no row") }
        return Verdict(
            underLease: try row.int("under_lease"), unclaimed: try row.int("unclaimed"),
            unsealed: try row.int("unsealed"), stale: try row.int("stale"), rows: try row.int("row_count"))
    }

    private static let tables = """
        CREATE TABLE epoch_witness (
            txid xid8,
            connection_id uuid,
            row_count bigint NOT NULL,
            holder_at_insert uuid,
            epoch_at_insert bigint,
            is_sealed boolean NOT NULL DEFAULT false,
            claimed_bridge uuid,
            claimed_epoch bigint,
            holder_at_commit uuid,
            epoch_at_commit bigint,
            PRIMARY KEY (txid, connection_id)
        );
        CREATE TABLE epoch_witness_claims (
            txid xid8,
            connection_id uuid,
            bridge uuid,
            epoch bigint,
            PRIMARY KEY (txid, connection_id)
        );
        """

    private static let triggers = """
        CREATE FUNCTION epoch_witness_written() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO epoch_witness AS seen (txid, connection_id, row_count, holder_at_insert, epoch_at_insert)
            SELECT pg_current_xact_id(), fresh.connection_id, fresh.row_count, lease.holder, lease.epoch
            FROM (SELECT connection_id, count(*) AS row_count FROM new_rows GROUP BY connection_id) AS fresh
            LEFT JOIN home_assistant_connection_leases AS lease ON lease.connection_id = fresh.connection_id
            ON CONFLICT (txid, connection_id) DO UPDATE SET row_count = seen.row_count + EXCLUDED.row_count;
            RETURN NULL;
        END;
        $$;
        CREATE TRIGGER epoch_witness_inserted AFTER INSERT ON home_assistant_events
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION epoch_witness_written();
        CREATE TRIGGER epoch_witness_updated AFTER UPDATE ON home_assistant_events
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION epoch_witness_written();

        CREATE FUNCTION epoch_witness_committing() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE epoch_witness AS seen
            SET is_sealed = claim.txid IS NOT NULL, claimed_bridge = claim.bridge, claimed_epoch = claim.epoch,
                holder_at_commit = lease.holder, epoch_at_commit = lease.epoch
            FROM (SELECT NEW.txid AS txid, NEW.connection_id AS connection_id) AS own
            LEFT JOIN epoch_witness_claims AS claim USING (txid, connection_id)
            LEFT JOIN home_assistant_connection_leases AS lease USING (connection_id)
            WHERE seen.txid = own.txid AND seen.connection_id = own.connection_id;
            RETURN NULL;
        END;
        $$;
        CREATE CONSTRAINT TRIGGER epoch_witness_committing AFTER INSERT ON epoch_witness
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION epoch_witness_committing();
        """

    /// Takes whatever parameters the sealing function has; three of them it must have by these names.
    private static let wrapper = """
        DO $install$
        DECLARE
            sealing regprocedure := (
                SELECT oid FROM pg_proc WHERE proname = 'home_assistant_seal_batch'
                    AND pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'home_assistant_events'::regclass));
            parameters text := pg_get_function_arguments(sealing);
            names text := (SELECT array_to_string(proargnames, ', ') FROM pg_proc WHERE oid = sealing);
        BEGIN
            EXECUTE format('ALTER FUNCTION %s RENAME TO epoch_witness_sealed', sealing);
            EXECUTE format($wrap$
                CREATE FUNCTION home_assistant_seal_batch(%s) RETURNS void LANGUAGE plpgsql AS $body$
                BEGIN
                    PERFORM epoch_witness_sealed(%s);
                    INSERT INTO epoch_witness_claims (txid, connection_id, bridge, epoch)
                    SELECT pg_current_xact_id(), claim.connection_id, p_bridge, claim.epoch
                    FROM unnest(p_connections, p_epochs) AS claim (connection_id, epoch)
                    ON CONFLICT DO NOTHING;
                END;
                $body$ $wrap$, parameters, names);
        END;
        $install$
        """

    private static let summary = """
        SELECT count(*) FILTER (WHERE is_sealed AND is_true) AS under_lease,
            count(*) FILTER (WHERE is_sealed AND claimed_epoch IS NULL) AS unclaimed,
            count(*) FILTER (WHERE NOT is_sealed) AS unsealed,
            count(*) FILTER (WHERE claimed_epoch IS NOT NULL AND is_true IS NOT TRUE) AS stale,
            coalesce(sum(row_count), 0)::bigint AS row_count
        FROM (
            SELECT *, claimed_bridge = holder_at_commit AND claimed_epoch = epoch_at_commit AS is_true
            FROM epoch_witness
        ) AS seen
        """
}
