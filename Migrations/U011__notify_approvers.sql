-- Undoes V011. Loses who is notified how, and what was sent; answers of phones to it count no more.
SET LOCAL ROLE ha_bridge_owner;

DROP TRIGGER close_approval_workflow_creation ON approval_workflow;
DROP FUNCTION approval_close_creation();
DROP TABLE approval_notification;
DROP FUNCTION approval_fill_notification();
DROP TABLE approval_notification_target;
