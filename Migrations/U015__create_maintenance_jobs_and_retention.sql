-- Undoes V015. Loses what the jobs told of their runs, and the rules of retention: the settings of the bridge alone count again.
SET LOCAL ROLE ha_bridge_owner;

DROP FUNCTION home_assistant_analyze_table(regclass);
DROP FUNCTION home_assistant_drop_event_month(text);
DROP FUNCTION home_assistant_lock_event_month(text);
DROP FUNCTION home_assistant_retention_rule_for(text, uuid, text, text);
DROP TABLE home_assistant_retention_rule;
DROP TABLE maintenance_job;
