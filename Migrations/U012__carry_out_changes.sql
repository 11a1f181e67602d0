-- Loses when changes were written, and whether automations were switched on before.
DROP TRIGGER notify_rollback_operation_step ON rollback_operation;
DROP TRIGGER notify_rollback_operation_begun ON rollback_operation;
DROP TRIGGER notify_automation_apply_operation_step ON automation_apply_operation;
DROP TRIGGER notify_automation_apply_operation_begun ON automation_apply_operation;
DROP TRIGGER notify_approval_workflow_approved ON approval_workflow;
DROP TRIGGER notify_approval_workflow_begun_approved ON approval_workflow;
DROP FUNCTION automation_notify_change();

DROP TRIGGER wait_for_writes_automation_emergency_stop ON automation_emergency_stop;
DROP FUNCTION automation_wait_for_writes();
DROP FUNCTION automation_lock_writes(uuid);

ALTER TABLE rollback_operation DROP COLUMN written_at, DROP COLUMN was_enabled;
ALTER TABLE automation_apply_operation DROP COLUMN written_at, DROP COLUMN was_enabled;
