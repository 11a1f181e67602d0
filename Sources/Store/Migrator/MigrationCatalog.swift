/// The migrations that this program carries, embedded from the files of `Migrations/`.
package enum MigrationCatalog {
    /// All of them in order. A new pair of files is added here; a test finds the one that was forgotten.
    package static let all: [Migration] = [
        Migration(
            version: 1, description: "create users",
            up: PackageResources.V001__create_users_sql,
            down: PackageResources.U001__create_users_sql),
        Migration(
            version: 2, description: "create home assistant integration",
            up: PackageResources.V002__create_home_assistant_integration_sql,
            down: PackageResources.U002__create_home_assistant_integration_sql),
        Migration(
            version: 3, description: "create event gaps and leases",
            up: PackageResources.V003__create_event_gaps_and_leases_sql,
            down: PackageResources.U003__create_event_gaps_and_leases_sql),
        Migration(
            version: 4, description: "create autonomous management tables",
            up: PackageResources.V004__create_autonomous_management_tables_sql,
            down: PackageResources.U004__create_autonomous_management_tables_sql),
        Migration(
            version: 5, description: "create event embeddings",
            up: PackageResources.V005__create_event_embeddings_sql,
            down: PackageResources.U005__create_event_embeddings_sql),
        Migration(
            version: 6, description: "create automation views",
            up: PackageResources.V006__create_automation_views_sql,
            down: PackageResources.U006__create_automation_views_sql),
        Migration(
            version: 7, description: "create roles and row security",
            up: PackageResources.V007__create_roles_and_row_security_sql,
            down: PackageResources.U007__create_roles_and_row_security_sql),
        Migration(
            version: 8, description: "create signed audit trail",
            up: PackageResources.V008__create_signed_audit_trail_sql,
            down: PackageResources.U008__create_signed_audit_trail_sql),
        Migration(
            version: 9, description: "create connection tls",
            up: PackageResources.V009__create_connection_tls_sql,
            down: PackageResources.U009__create_connection_tls_sql),
        Migration(
            version: 10, description: "enforce safety rules",
            up: PackageResources.V010__enforce_safety_rules_sql,
            down: PackageResources.U010__enforce_safety_rules_sql),
        Migration(
            version: 11, description: "notify approvers",
            up: PackageResources.V011__notify_approvers_sql,
            down: PackageResources.U011__notify_approvers_sql),
        Migration(
            version: 12, description: "carry out changes",
            up: PackageResources.V012__carry_out_changes_sql,
            down: PackageResources.U012__carry_out_changes_sql),
        Migration(
            version: 13, description: "open event partitions to copy",
            up: PackageResources.V013__open_event_partitions_to_copy_sql,
            down: PackageResources.U013__open_event_partitions_to_copy_sql),
        Migration(
            version: 14, description: "lock events before their month",
            up: PackageResources.V014__lock_events_before_their_month_sql,
            down: PackageResources.U014__lock_events_before_their_month_sql),
        Migration(
            version: 15, description: "create maintenance jobs and retention",
            up: PackageResources.V015__create_maintenance_jobs_and_retention_sql,
            down: PackageResources.U015__create_maintenance_jobs_and_retention_sql),
        Migration(
            version: 16, description: "create rollups",
            up: PackageResources.V016__create_rollups_sql,
            down: PackageResources.U016__create_rollups_sql),
        Migration(
            version: 17, description: "answer questions",
            up: PackageResources.V017__answer_questions_sql,
            down: PackageResources.U017__answer_questions_sql),
        Migration(
            version: 18, description: "create imports",
            up: PackageResources.V018__create_imports_sql,
            down: PackageResources.U018__create_imports_sql),
        Migration(
            version: 19, description: "create console accounts",
            up: PackageResources.V019__create_console_accounts_sql,
            down: PackageResources.U019__create_console_accounts_sql),
        Migration(
            version: 20, description: "show shared houses",
            up: PackageResources.V020__show_shared_houses_sql,
            down: PackageResources.U020__show_shared_houses_sql),
    ]
}
