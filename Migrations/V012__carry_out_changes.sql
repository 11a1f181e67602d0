-- Approved changes are carried out: the lock between writes and emergency stops, and what a bridge that goes on after a crash
-- needs to know.
SET LOCAL ROLE ha_bridge_owner;

DO $$
DECLARE
    operation_table text;
BEGIN
    FOREACH operation_table IN ARRAY ARRAY['automation_apply_operation', 'rollback_operation'] LOOP
        EXECUTE format(
            'ALTER TABLE %I ADD COLUMN written_at TIMESTAMPTZ, ADD COLUMN was_enabled BOOLEAN', operation_table);
        EXECUTE format(
            'COMMENT ON COLUMN %I.written_at IS %L', operation_table,
            'When Home Assistant had taken the write, or was found to have it; NULL before that.');
        EXECUTE format(
            'COMMENT ON COLUMN %I.was_enabled IS %L', operation_table,
            'Whether the automation was switched on before the write, and is to be afterwards; NULL where that is not known.');
    END LOOP;
END;
$$;

-- Writes and emergency stops ------------------------------------------------------------------------------------------------

CREATE FUNCTION automation_lock_writes(p_connection uuid) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    -- With one snapshot for the whole transaction, a stop that was engaged while this waited would not be seen.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'Writes to Home Assistant are locked in a transaction that is READ COMMITTED.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('automation writes', 0));
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('automation writes ' || p_connection::text, 0));
    RETURN NOT EXISTS (
        SELECT FROM automation_emergency_stop
        WHERE released_at IS NULL AND (connection_id IS NULL OR connection_id = p_connection));
END;
$$;
COMMENT ON FUNCTION automation_lock_writes(uuid) IS
    'Whether something may be written to the Home Assistant of a connection. While it is true and until the transaction ends, an emergency stop waits.';

CREATE FUNCTION automation_wait_for_writes() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    usual text := current_setting('lock_timeout');
BEGIN
    IF NEW.released_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM set_config('lock_timeout', '10s', true);
    BEGIN
        -- Those that ask from here on wait until this transaction has ended, and see its row then.
        PERFORM pg_advisory_xact_lock(
            hashtextextended('automation writes' || coalesce(' ' || NEW.connection_id::text, ''), 0));
    EXCEPTION WHEN lock_not_available THEN
        RAISE WARNING 'A write to Home Assistant that had begun has not ended within ten seconds. The emergency stop holds for all others.';
    END;
    PERFORM set_config('lock_timeout', usual, true);
    -- After every operation that began before it.
    NEW.engaged_at := GREATEST(NEW.engaged_at, clock_timestamp());
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_wait_for_writes() IS
    'Trigger: an emergency stop is engaged once the writes under way have ended, after ten seconds at most.';

CREATE TRIGGER wait_for_writes_automation_emergency_stop
    BEFORE INSERT ON automation_emergency_stop
    FOR EACH ROW EXECUTE FUNCTION automation_wait_for_writes();

-- News ----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION automation_notify_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('automation_changes', NEW.connection_id::text);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION automation_notify_change() IS
    'Trigger: sends the id of the connection on the channel automation_changes.';

CREATE TRIGGER notify_approval_workflow_begun_approved
    AFTER INSERT ON approval_workflow
    FOR EACH ROW WHEN (NEW.status = 'APPROVED') EXECUTE FUNCTION automation_notify_change();
CREATE TRIGGER notify_approval_workflow_approved
    AFTER UPDATE ON approval_workflow
    FOR EACH ROW WHEN (NEW.status = 'APPROVED' AND OLD.status <> 'APPROVED') EXECUTE FUNCTION automation_notify_change();
CREATE TRIGGER notify_automation_apply_operation_begun
    AFTER INSERT ON automation_apply_operation
    FOR EACH ROW EXECUTE FUNCTION automation_notify_change();
CREATE TRIGGER notify_automation_apply_operation_step
    AFTER UPDATE ON automation_apply_operation
    FOR EACH ROW WHEN ((OLD.step, OLD.status) IS DISTINCT FROM (NEW.step, NEW.status))
    EXECUTE FUNCTION automation_notify_change();
CREATE TRIGGER notify_rollback_operation_begun
    AFTER INSERT ON rollback_operation
    FOR EACH ROW EXECUTE FUNCTION automation_notify_change();
CREATE TRIGGER notify_rollback_operation_step
    AFTER UPDATE ON rollback_operation
    FOR EACH ROW WHEN ((OLD.step, OLD.status) IS DISTINCT FROM (NEW.step, NEW.status))
    EXECUTE FUNCTION automation_notify_change();

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['automation_lock_writes(uuid)', 'automation_wait_for_writes()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;
