extension EventWords {
    /// How an event type is told: `{name}` and other fields in braces stand for what the event says of it; a part in brackets is
    /// left out where one of its fields is missing.
    struct Template: Sendable {
        var polarity: Polarity
        var text: String
    }

    /// The template of a type; `nil` where only the type's own words tell it.
    static func template(_ type: String) -> Template? { templates[type] }

    /// Types that say nothing about the house.
    static let silent: Set<String> = [
        "time_changed", "state_reported", "recorder_5min_statistics_generated", "recorder_hourly_statistics_generated",
        "panels_updated", "lovelace_updated",
        // Hundreds at every start of Home Assistant, always the same.
        "service_registered", "service_removed",
    ]

    private static let templates: [String: Template] = {
        var templates: [String: Template] = [:]
        for row in WordRows.sections(table)[""] ?? [] where row.count == 3 {
            let polarity: Polarity = row[1] == "active" ? .active : row[1] == "rest" ? .rest : .neutral
            templates[row[0]] = Template(polarity: polarity, text: row[2])
        }
        return templates
    }()

    private static let table = """
        alexa_smart_home | active | A voice command of Alexa was carried out
        android.zone_entered | active | The phone entered a zone[: {name}]
        area_registry_updated | neutral | The list of areas, rooms was changed[: {action}]
        automation_reloaded | neutral | The automations were reloaded, their configuration was changed
        automation_triggered | active | {subject} was triggered, ran[, because of {source}]
        category_registry_updated | neutral | The list of categories was changed[: {action}]
        component_loaded | neutral | The integration {component} was loaded
        config_entry_discovered | active | A new device or integration was discovered
        core_config_updated | neutral | The settings of Home Assistant, its core configuration, were changed
        data_entry_flow_progressed | neutral | The set-up of an integration went on
        deconz_event | active | The remote control, button[ "{name}"] was pressed[: {gesture}]
        device_registry_updated | neutral | The list of devices was changed[: {action}]
        entity_registry_updated | neutral | The list of entities was changed[: {action}][ {entity_id}]
        event_template_reloaded | neutral | The templates were reloaded
        floor_registry_updated | neutral | The list of floors was changed[: {action}]
        folder_watcher | active | A file was changed
        google_assistant_command | active | A voice command of Google Assistant was carried out
        group_reloaded | neutral | The groups were reloaded
        homeassistant_close | rest | Home Assistant was closed
        homeassistant_final_write | rest | Home Assistant is shutting down
        homeassistant_start | active | Home Assistant is starting, restarted, booting
        homeassistant_started | active | Home Assistant has started, is up again after a restart
        homeassistant_stop | rest | Home Assistant is stopping, shutting down, restarting
        homekit_state_change | active | A command of Apple HomeKit was carried out[ for {entity_id}]
        html5_notification.clicked | active | A notification was tapped[: {action}]
        hue_event | active | The remote control, button[ "{name}"] was pressed[: {type}]
        imap_content | active | An e-mail arrived
        ios.action_fired | active | An action was chosen on the phone[: {name}]
        ios.notification_action_fired | active | A notification was answered on the phone[: {action}]
        ios.zone_entered | active | The phone entered a zone[: {name}]
        knx_event | neutral | The KNX bus carried a telegram
        label_registry_updated | neutral | The list of labels was changed[: {action}]
        logbook_entry | neutral | The logbook notes: {name}[ {message}]
        logging_changed | neutral | The log levels were changed
        lutron_caseta_button_event | active | The remote control[ "{device_name}"] button was pressed[: {action}]
        mobile_app_notification_action | active | The action {action} of a notification was tapped[ on {device}]
        mobile_app_notification_cleared | rest | A notification was dismissed on the phone[: {title}]
        mobile_app_notification_received | active | A notification arrived on the phone[: {title}]
        mqtt_reloaded | neutral | The MQTT entities were reloaded
        nest_event | active | The camera, doorbell noticed something[: {type}]
        persistent_notifications_updated | neutral | The notifications of Home Assistant changed
        repairs_issue_registry_updated | active | The list of repairs, issues was changed[: {action}][ {domain}]
        rfxtrx_event | active | A radio remote control was used
        roku_command | active | The television remote control was used[: {type}]
        scene_reloaded | neutral | The scenes were reloaded
        script_reloaded | neutral | The scripts were reloaded
        script_started | active | {subject} was started, ran
        shelly.click | active | The button[ "{device}"] was pressed[: {type}]
        shopping_list_updated | neutral | The shopping list was changed[: {action}]
        system_log_event | active | The log notes a {level}[: {message}]
        tag_scanned | active | The tag, NFC RFID sticker[ "{name}"] was scanned[ by {device}]
        telegram_callback | active | A button in Telegram was tapped
        telegram_command | active | A command arrived by Telegram[: {command}]
        telegram_sent | neutral | A message was sent by Telegram
        telegram_text | active | A message arrived by Telegram[: {text}]
        template_reloaded | neutral | The templates were reloaded
        themes_updated | neutral | The themes were changed
        timer.cancelled | rest | {subject} was cancelled, countdown over
        timer.finished | rest | {subject} finished, countdown ran out, time is up
        timer.paused | rest | {subject} was paused
        timer.restarted | active | {subject} was started again, counts down
        timer.started | active | {subject} was started, counts down
        user_added | neutral | A user account was added
        user_removed | neutral | A user account was removed
        user_updated | neutral | A user account was changed
        webostv.button | active | The television remote control was used[: {button}]
        zha_event | active | The remote control, button[ "{name}"] was pressed[: {command}]
        zigbee2mqtt_event | active | The remote control, button[ "{name}"] was pressed[: {action}]
        zone_reloaded | neutral | The zones were reloaded
        zwave_js_notification | active | The Z-Wave device reports[ {event_type}][: {type}]
        zwave_js_value_notification | active | The Z-Wave remote control, button was pressed
        """
}
