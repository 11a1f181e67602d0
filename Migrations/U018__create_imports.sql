-- Undoes V018. Loses what was noted of imports; their rows stay, and an import that was stopped begins anew.
SET LOCAL ROLE ha_bridge_owner;

DROP TABLE home_assistant_import;
