/// A value that a CHECK must refuse, as the row that would hold it.
struct BadValue: Sendable, CustomStringConvertible {
    /// The CHECK that refuses it.
    let constraint: String
    /// Columns and values of an INSERT that is right but for this value.
    let sql: String

    var description: String { "\(constraint): \(sql)" }

    /// A row right but for `columns`, which take the place of those of the same name in `good`.
    init(_ constraint: String, _ table: String, _ columns: [String: String]) {
        self.constraint = constraint
        let row = Self.good[table, default: [:]].merging(columns) { _, bad in bad }.sorted { $0.key < $1.key }
        let names = row.map(\.key).joined(separator: ", ")
        let values = row.map(\.value).joined(separator: ", ")
        sql = "INSERT INTO \(table) (\(names)) VALUES (\(values))"
    }

    /// A row for each table that every CHECK accepts, as SQL literals.
    static let good: [String: [String: String]] = [
        "automation_management": [
            "connection_id": "'\(ManagedHouse.connection)'", "home_assistant_automation_id": "'new'", "name": "'New'",
        ],
        "automation_lifecycle_transition": ["new_state": "'DEGRADED'", "description": "'Begins badly.'"],
        "automation_lifecycle_history": [
            "automation_id": "'\(ManagedHouse.automation)'", "previous_state": "'ACTIVE'", "new_state": "'PAUSED'",
            "change_reason": "'Switched off.'",
        ],
        "automation_executions": [
            "automation_id": "'\(ManagedHouse.automation)'", "run_id": "'run1'", "status": "'success'",
            "started_at": "'2026-11-21 10:00:00+00'", "completed_at": "'2026-11-21 10:00:01+00'",
        ],
        "user_safety_configuration": ["user_id": "'\(ManagedHouse.owner)'"],
        "safety_rule": [
            "rule_name": "'No locks'", "rule_type": "'APPROVAL_REQUIRED'", "rule_condition": "'{}'",
            "rule_action": "'BLOCK'",
        ],
        "automation_emergency_stop": ["reason": "'Smoke'"],
        "approval_workflow": [
            "automation_id": "'\(ManagedHouse.automation)'", "workflow_type": "'MODIFICATION'",
            "description": "'Dim it'", "proposed_changes": "'{}'",
        ],
        "approval_workflow_approvers": [
            "workflow_id": "'\(ManagedHouse.workflow)'", "approver_id": "'\(ManagedHouse.user(2))'",
        ],
        "automation_backup": [
            "automation_id": "'\(ManagedHouse.automation)'", "backup_name": "'b'", "backup_type": "'MANUAL'",
            "configuration_snapshot": "'{}'",
        ],
        "automation_apply_operation": [
            "automation_id": "'\(ManagedHouse.proposed)'", "workflow_id": "'\(ManagedHouse.workflow)'",
        ],
        "rollback_operation": [
            "automation_id": "'\(ManagedHouse.automation)'", "backup_id": "'\(ManagedHouse.backup)'",
            "rollback_reason": "'It flickers'", "rollback_type": "'MANUAL'",
        ],
        "automation_audit_trail": ["action_type": "'CREATE'", "action_description": "'Created it'"],
        "ai_decision_audit": ["decision_type": "'SUGGESTION'", "decision_description": "'Dim the hall at night'"],
        "home_assistant_audit_log": [
            "user_id": "'\(ManagedHouse.owner)'", "action": "'connect'", "success": "true",
        ],
        "home_assistant_entity_renames": [
            "connection_id": "'\(ManagedHouse.connection)'", "registry_id": "'r'", "old_entity_id": "'light.a'",
            "new_entity_id": "'light.b'",
        ],
    ]
}

extension BadValue {
    /// At least one for each CHECK of the schema.
    static let all =
        automations + executions + safety + workflows + operations
        + chain("automation_audit_trail") + chain("ai_decision_audit") + chain("home_assistant_audit_log") + audit

    private static let automations = [
        BadValue(
            "automation_management_automation_id_present", "automation_management",
            ["home_assistant_automation_id": "''"]),
        BadValue("automation_management_name_present", "automation_management", ["name": "''"]),
        BadValue("automation_management_mode_valid", "automation_management", ["mode": "'twice'"]),
        BadValue("automation_management_digest_length", "automation_management", ["configuration_digest": "'\\x00'"]),
        BadValue("automation_management_state_valid", "automation_management", ["lifecycle_state": "'active'"]),
        BadValue("automation_management_score_range", "automation_management", ["performance_score": "100.01"]),
        BadValue("automation_management_score_range", "automation_management", ["performance_score": "-0.01"]),
        BadValue("automation_management_score_range", "automation_management", ["performance_score": "'NaN'"]),
        BadValue("automation_management_breakdown_is_object", "automation_management", ["score_breakdown": "'[1]'"]),
        BadValue("automation_management_execution_count_range", "automation_management", ["execution_count": "-1"]),
        BadValue("automation_management_success_rate_range", "automation_management", ["success_rate": "100.5"]),
        BadValue("automation_management_success_rate_range", "automation_management", ["success_rate": "-1"]),
        BadValue(
            "automation_management_average_time_range", "automation_management", ["average_execution_time_ms": "-1"]),
        BadValue("automation_management_version_positive", "automation_management", ["version": "0"]),
        BadValue(
            "automation_lifecycle_transition_moves", "automation_lifecycle_transition",
            ["previous_state": "'DEGRADED'"]),
        BadValue(
            "automation_lifecycle_transition_states_valid", "automation_lifecycle_transition", ["new_state": "'GONE'"]),
        BadValue(
            "automation_lifecycle_transition_states_valid", "automation_lifecycle_transition",
            ["previous_state": "'GONE'"]),
        BadValue(
            "automation_lifecycle_history_previous_state_valid", "automation_lifecycle_history",
            ["previous_state": "'GONE'"]),
        BadValue(
            "automation_lifecycle_history_new_state_valid", "automation_lifecycle_history", ["new_state": "'GONE'"]),
        BadValue("automation_lifecycle_history_moves", "automation_lifecycle_history", ["new_state": "'ACTIVE'"]),
        BadValue(
            "automation_lifecycle_history_reason_present", "automation_lifecycle_history", ["change_reason": "' '"]),
        BadValue(
            "home_assistant_entity_renames_differ", "home_assistant_entity_renames", ["new_entity_id": "'light.a'"]),
    ]

    private static let executions = [
        BadValue("automation_executions_run_known", "automation_executions", ["run_id": "NULL"]),
        BadValue("automation_executions_status_valid", "automation_executions", ["status": "'SUCCESS'"]),
        BadValue(
            "automation_executions_script_execution_format", "automation_executions",
            ["script_execution": "'Failed!'"]),
        BadValue("automation_executions_source_valid", "automation_executions", ["source": "'guess'"]),
        BadValue(
            "automation_executions_order", "automation_executions", ["completed_at": "'2026-11-21 09:59:59+00'"]),
        BadValue("automation_executions_running", "automation_executions", ["status": "'running'"]),
        BadValue("automation_executions_effect_count_range", "automation_executions", ["effect_count": "-1"]),
        BadValue(
            "automation_executions_override_order", "automation_executions",
            ["overridden_at": "'2026-11-21 09:59:59+00'"]),
    ]

    private static let safety = [
        BadValue(
            "user_safety_configuration_per_day_range", "user_safety_configuration", ["max_automations_per_day": "-1"]),
        BadValue(
            "user_safety_configuration_per_week_range", "user_safety_configuration", ["max_automations_per_week": "-1"]),
        BadValue(
            "user_safety_configuration_threshold_range", "user_safety_configuration", ["risk_threshold_high": "1.01"]),
        BadValue(
            "user_safety_configuration_threshold_range", "user_safety_configuration",
            ["risk_threshold_medium": "-0.01"]),
        BadValue(
            "user_safety_configuration_threshold_order", "user_safety_configuration", ["risk_threshold_medium": "0.9"]),
        BadValue(
            "user_safety_configuration_retention_positive", "user_safety_configuration",
            ["backup_retention_days": "0"]),
        BadValue("safety_rule_name_format", "safety_rule", ["rule_name": "' No locks'"]),
        BadValue("safety_rule_name_format", "safety_rule", ["rule_name": "''"]),
        BadValue("safety_rule_type_valid", "safety_rule", ["rule_type": "'WISH'"]),
        BadValue("safety_rule_condition_is_object", "safety_rule", ["rule_condition": "'true'"]),
        BadValue("safety_rule_action_valid", "safety_rule", ["rule_action": "'block'"]),
        BadValue("safety_rule_priority_positive", "safety_rule", ["priority": "0"]),
        BadValue("automation_emergency_stop_reason_present", "automation_emergency_stop", ["reason": "' '"]),
        BadValue(
            "automation_emergency_stop_order", "automation_emergency_stop",
            ["engaged_at": "'2026-11-21 10:00:00+00'", "released_at": "'2026-11-21 09:00:00+00'"]),
        BadValue(
            "automation_emergency_stop_released", "automation_emergency_stop", ["release_reason": "'False alarm'"]),
        BadValue(
            "automation_emergency_stop_released", "automation_emergency_stop",
            ["released_by": "'\(ManagedHouse.owner)'"]),
    ]

    private static let workflows = [
        BadValue("approval_workflow_secrets_sealed", "approval_workflow", ["sealed_secrets": "'in clear'"]),
        BadValue(
            "approval_workflow_secrets_of_automation", "approval_workflow",
            [
                "automation_id": "NULL", "connection_id": "'\(ManagedHouse.connection)'",
                "sealed_secrets": "'v1.k1.n.c.t'",
            ]),
        BadValue("approval_workflow_type_valid", "approval_workflow", ["workflow_type": "'WISH'"]),
        BadValue("approval_workflow_status_valid", "approval_workflow", ["status": "'OPEN'"]),
        BadValue("approval_workflow_priority_valid", "approval_workflow", ["priority": "'URGENT'"]),
        BadValue("approval_workflow_risk_level_valid", "approval_workflow", ["risk_level": "'NONE'"]),
        BadValue("approval_workflow_risk_score_range", "approval_workflow", ["risk_score": "1.01"]),
        BadValue("approval_workflow_risk_assessment_is_object", "approval_workflow", ["risk_assessment": "'[]'"]),
        BadValue("approval_workflow_description_present", "approval_workflow", ["description": "''"]),
        BadValue("approval_workflow_changes_is_object", "approval_workflow", ["proposed_changes": "'[]'"]),
        BadValue("approval_workflow_digest_length", "approval_workflow", ["base_digest": "'\\x00'"]),
        BadValue("approval_workflow_required_approvals_range", "approval_workflow", ["required_approvals": "'{}'"]),
        BadValue("approval_workflow_required_approvals_range", "approval_workflow", ["required_approvals": "'{-1}'"]),
        BadValue(
            "approval_workflow_required_approvals_range", "approval_workflow", ["required_approvals": "'{1,NULL}'"]),
        BadValue(
            "approval_workflow_required_approvals_range", "approval_workflow",
            ["required_approvals": "'{1,1,1,1,1,1,1,1,1,1}'"]),
        BadValue("approval_workflow_expiry_order", "approval_workflow", ["expires_at": "now()"]),
        BadValue(
            "approval_workflow_approvers_level_range", "approval_workflow_approvers", ["approval_level": "0"]),
        BadValue("approval_workflow_approvers_status_valid", "approval_workflow_approvers", ["status": "'MAYBE'"]),
    ]

    private static let operations = [
        BadValue("automation_backup_version_positive", "automation_backup", ["version": "0"]),
        BadValue("automation_backup_name_present", "automation_backup", ["backup_name": "' '"]),
        BadValue("automation_backup_type_valid", "automation_backup", ["backup_type": "'HOURLY'"]),
        BadValue("automation_backup_snapshot_is_object", "automation_backup", ["configuration_snapshot": "'null'"]),
        BadValue("automation_backup_digest_length", "automation_backup", ["configuration_digest": "'\\x00'"]),
        BadValue("automation_backup_secrets_sealed", "automation_backup", ["sealed_secrets": "'hunter2'"]),
        BadValue("automation_backup_metadata_is_object", "automation_backup", ["metadata": "'1'"]),
        BadValue("automation_backup_retention_positive", "automation_backup", ["retention_days": "0"]),
        BadValue("rollback_operation_reason_present", "rollback_operation", ["rollback_reason": "''"]),
        BadValue("rollback_operation_type_valid", "rollback_operation", ["rollback_type": "'PARTIAL'"]),
        BadValue("rollback_operation_step_valid", "rollback_operation", ["step": "'WAIT'"]),
        BadValue("rollback_operation_status_valid", "rollback_operation", ["status": "'HALF'"]),
        BadValue("rollback_operation_completed", "rollback_operation", ["completed_at": "now() + interval '1 hour'"]),
        BadValue(
            "rollback_operation_order", "rollback_operation",
            ["status": "'FAILED'", "completed_at": "now() - interval '1 hour'"]),
        BadValue(
            "rollback_operation_configuration_is_object", "rollback_operation", ["rollback_configuration": "'[]'"]),
    ]

    private static let audit = [
        BadValue("automation_audit_trail_action_valid", "automation_audit_trail", ["action_type": "'create'"]),
        BadValue(
            "automation_audit_trail_description_present", "automation_audit_trail", ["action_description": "''"]),
        BadValue("ai_decision_audit_type_valid", "ai_decision_audit", ["decision_type": "'GUESS'"]),
        BadValue("ai_decision_audit_description_present", "ai_decision_audit", ["decision_description": "''"]),
        BadValue("ai_decision_audit_confidence_range", "ai_decision_audit", ["confidence_score": "100.01"]),
        BadValue("ai_decision_audit_confidence_range", "ai_decision_audit", ["confidence_score": "-1"]),
        BadValue("ai_decision_audit_feedback_valid", "ai_decision_audit", ["user_feedback": "'FINE'"]),
        BadValue(
            "ai_decision_audit_feedback_given", "ai_decision_audit", ["feedback_on": "gen_random_uuid()"]),
    ]

    private static func chain(_ table: String) -> [BadValue] {
        let link = [
            "chain_sequence": "1", "previous_digest": "sha256('')",
            "cryptographic_signature": "'\(ManagedHouse.signature)'",
        ]
        func bad(_ constraint: String, _ columns: [String: String]) -> BadValue {
            BadValue("\(table)_\(constraint)", table, link.merging(columns) { _, bad in bad })
        }
        return [
            bad("sequence_positive", ["chain_sequence": "0"]),
            bad("previous_digest_length", ["previous_digest": "'\\x00'"]),
            bad("signature_format", ["cryptographic_signature": "'v1.k1.AAAA'"]),
            bad("signed_in_chain", ["chain_sequence": "NULL"]),
            bad("signed_in_chain", ["previous_digest": "NULL"]),
            bad("signed_in_chain", ["cryptographic_signature": "NULL"]),
        ]
    }
}
