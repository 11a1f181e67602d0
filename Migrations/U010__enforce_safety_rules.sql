-- Undoes V010. Loses the sealed values of proposals, so that those which have some cannot be applied any more. The rules stay.
SET LOCAL ROLE ha_bridge_owner;

DROP TRIGGER guard_rollback_operation_safety ON rollback_operation;
DROP TRIGGER guard_automation_apply_operation_safety ON automation_apply_operation;
DROP TRIGGER guard_approval_workflow_safety ON approval_workflow;
DROP TRIGGER check_safety_rule ON safety_rule;
DROP FUNCTION safety_guard_rollback();
DROP FUNCTION safety_guard_apply();
DROP FUNCTION safety_guard_workflow();
DROP FUNCTION safety_refuse_blocked(uuid, jsonb);
DROP FUNCTION safety_rules_for(uuid, jsonb);
DROP FUNCTION safety_condition_holds(jsonb, jsonb);
DROP FUNCTION safety_name_matches(jsonb, jsonb);
DROP FUNCTION safety_change_facts(uuid, uuid, jsonb, jsonb, text, numeric);
DROP FUNCTION safety_text_list(jsonb);
DROP FUNCTION safety_configuration_facts(uuid, jsonb, text[]);
DROP FUNCTION safety_check_rule();
DROP FUNCTION safety_condition_problem(jsonb, integer);

DROP TRIGGER guard_approval_workflow_sealed_secrets ON approval_workflow;
DROP FUNCTION approval_guard_sealed_secrets();
DROP TRIGGER refuse_approval_workflow_retired_key ON approval_workflow;
ALTER TABLE approval_workflow
    DROP CONSTRAINT approval_workflow_secrets_of_automation,
    DROP CONSTRAINT approval_workflow_secrets_sealed,
    DROP COLUMN sealed_secrets;
SELECT home_assistant_protect_table('approval_workflow', 'connection_id');

COMMENT ON COLUMN safety_rule.rule_condition IS 'What the rule looks for, a JSON object that the bridge validates before it stores it.';
