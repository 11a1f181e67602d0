-- Loses nothing: views and indexes only.
DROP VIEW automation_overview;
DROP VIEW automation_failures;
DROP VIEW automation_daily_runs;
DROP FUNCTION automation_time_zone(text);
DROP INDEX idx_automation_executions_failures;
DROP INDEX idx_automation_executions_outcomes;
DROP INDEX idx_automation_executions_updated_at;
