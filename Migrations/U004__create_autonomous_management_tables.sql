-- Loses the automations with their history, executions, backups, proposals and both audit tables, the safety rules, the
-- emergency stops (an engaged one is over), the signatures of the audit log, and the history of renames. Nothing brings those
-- back; the registries are listed again at the next connect.
DROP VIEW ai_decisions;
DROP INDEX home_assistant_audit_log_chain;
ALTER TABLE home_assistant_audit_log
    DROP COLUMN cryptographic_signature,
    DROP COLUMN previous_digest,
    DROP COLUMN chain_sequence;
DROP TABLE ai_decision_audit;
DROP TABLE automation_audit_trail;
DROP TABLE rollback_operation;
DROP TABLE automation_apply_operation;
DROP TABLE automation_backup;
DROP TABLE approval_workflow_approvers;
DROP TABLE approval_workflow;
DROP TABLE automation_emergency_stop;
DROP TABLE safety_rule;
DROP TABLE user_safety_configuration;
DROP TABLE automation_executions;
DROP TABLE automation_lifecycle_history;
DROP TABLE automation_lifecycle_transition;
DROP TABLE automation_management;
DROP FUNCTION approval_guard_apply();
DROP FUNCTION automation_guard_operation();
DROP FUNCTION automation_number_backup();
DROP FUNCTION approval_count_vote();
DROP FUNCTION approval_guard_vote();
DROP FUNCTION approval_guard_workflow();
DROP FUNCTION approval_workflow_is_satisfied(uuid);
DROP FUNCTION automation_notify_emergency_stop();
DROP FUNCTION automation_guard_emergency_stop();
DROP FUNCTION automation_writes_allowed(uuid);
DROP FUNCTION automation_change_lifecycle(uuid, text, text, uuid, text, uuid);
DROP FUNCTION automation_record_lifecycle_move();
DROP FUNCTION automation_check_lifecycle_move();
DROP FUNCTION automation_fill_connection();
DROP TABLE home_assistant_entity_renames;
DROP TABLE home_assistant_entities;
DROP TABLE home_assistant_devices;
DROP TABLE home_assistant_labels;
DROP TABLE home_assistant_areas;
