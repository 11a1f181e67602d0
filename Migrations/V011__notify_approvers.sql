-- How approvers are told of proposals on their phones, and what they were sent. A proposal that comes to nothing takes the automation
-- that it would have made with it.
SET LOCAL ROLE ha_bridge_owner;

-- Who is notified how -------------------------------------------------------------------------------------------------------

CREATE TABLE approval_notification_target (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notify_service VARCHAR(100) COLLATE "C" NOT NULL,
    home_assistant_user_id VARCHAR(64) COLLATE "C" NOT NULL,
    may_approve_high_risk BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT approval_notification_target_once UNIQUE (connection_id, user_id),
    -- An answer names one person: nobody answers for two.
    CONSTRAINT approval_notification_target_one_person UNIQUE (connection_id, home_assistant_user_id),
    CONSTRAINT approval_notification_target_service_format CHECK (notify_service ~ '^[a-z0-9_]+$'),
    CONSTRAINT approval_notification_target_person_format CHECK (home_assistant_user_id ~ '^[0-9A-Za-z_-]+$')
);

CREATE INDEX idx_approval_notification_target_user_id ON approval_notification_target (user_id);

CREATE TRIGGER update_approval_notification_target_updated_at
    BEFORE UPDATE ON approval_notification_target
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

COMMENT ON TABLE approval_notification_target IS
    'Approvers who are told of proposals on their phone, and who they are in Home Assistant, by whose word alone an answer counts.';
COMMENT ON COLUMN approval_notification_target.user_id IS 'The approver.';
COMMENT ON COLUMN approval_notification_target.notify_service IS 'The service of the domain notify, such as mobile_app_phone.';
COMMENT ON COLUMN approval_notification_target.home_assistant_user_id IS
    'The user of Home Assistant whom the phone belongs to: the context of an answer must name this one.';
COMMENT ON COLUMN approval_notification_target.may_approve_high_risk IS
    'Whether the phone may also approve what is of HIGH or CRITICAL risk; it may always reject.';

-- What was sent -------------------------------------------------------------------------------------------------------------

CREATE TABLE approval_notification (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    workflow_id UUID NOT NULL REFERENCES approval_workflow (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_digest BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    sent_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    cleared_at TIMESTAMPTZ,
    CONSTRAINT approval_notification_once UNIQUE (workflow_id, user_id),
    CONSTRAINT approval_notification_digest_length CHECK (octet_length(token_digest) = 32)
);

CREATE INDEX idx_approval_notification_connection_id ON approval_notification (connection_id) WHERE cleared_at IS NULL;
CREATE INDEX idx_approval_notification_user_id ON approval_notification (user_id);

CREATE FUNCTION approval_fill_notification() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT connection_id INTO NEW.connection_id FROM approval_workflow WHERE id = NEW.workflow_id;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION approval_fill_notification() IS 'Trigger: gives a notification the connection of its workflow.';

CREATE TRIGGER fill_approval_notification_connection
    BEFORE INSERT OR UPDATE OF connection_id, workflow_id ON approval_notification
    FOR EACH ROW EXECUTE FUNCTION approval_fill_notification();

COMMENT ON TABLE approval_notification IS 'Proposals that were sent to the phone of an approver; one answer each.';
COMMENT ON COLUMN approval_notification.connection_id IS 'That of the workflow; set by a trigger.';
COMMENT ON COLUMN approval_notification.token_digest IS
    'SHA-256 of the token that an answer must bring; the token itself is not in this table.';
COMMENT ON COLUMN approval_notification.sent_at IS 'NULL until Home Assistant has taken it.';
COMMENT ON COLUMN approval_notification.answered_at IS 'When an answer counted; no second one does.';
COMMENT ON COLUMN approval_notification.cleared_at IS
    'When it was taken back from the phone, after the proposal was decided; NULL while it is there.';

-- Proposals that come to nothing --------------------------------------------------------------------------------------------

CREATE FUNCTION approval_close_creation() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM automation_change_lifecycle(
        id, 'REJECTED',
        CASE NEW.status
            WHEN 'REJECTED' THEN 'The proposal was rejected: ' || NEW.rejection_reason
            WHEN 'CANCELLED' THEN 'The proposal was cancelled.'
            ELSE 'The proposal expired before it was decided and carried out.'
        END,
        NEW.rejected_by)
    FROM automation_management
    WHERE id = NEW.automation_id AND connection_id = NEW.connection_id AND lifecycle_state IN ('PROPOSED', 'PENDING_APPROVAL');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION approval_close_creation() IS
    'Trigger: moves the automation of a creation that was rejected, cancelled or has expired to REJECTED.';

CREATE TRIGGER close_approval_workflow_creation
    AFTER UPDATE OF status ON approval_workflow
    FOR EACH ROW
    WHEN (OLD.status IN ('PENDING', 'APPROVED') AND NEW.status IN ('REJECTED', 'CANCELLED', 'EXPIRED')
        AND NEW.workflow_type = 'CREATION' AND NEW.automation_id IS NOT NULL)
    EXECUTE FUNCTION approval_close_creation();

DO $$
DECLARE
    signature text;
BEGIN
    -- They find the tables in the schema of this migration, whatever the search_path of the caller.
    FOREACH signature IN ARRAY ARRAY['approval_fill_notification()', 'approval_close_creation()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
    PERFORM home_assistant_protect_table('approval_notification_target', 'connection_id, user_id');
    PERFORM home_assistant_protect_table('approval_notification', 'connection_id, user_id');
END;
$$;
