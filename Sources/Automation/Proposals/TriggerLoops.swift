import HomeAssistantClient

/// Finds out whether an automation sets off itself.
package enum TriggerLoops {
    /// One way in which it does.
    package struct Finding: Sendable, Equatable {
        /// It would run for ever; else it may set off itself now and then.
        package var isCertain: Bool
        /// One sentence.
        package var sentence: String
    }

    /// The ways in which a configuration in the spelling of today sets off itself. `entity` is the automation's own.
    package static func find(in configuration: ConfigurationValue, entity: String?) -> [Finding] {
        let triggers = TriggerShape.all(of: configuration)
        let steps = StepShape.all(of: configuration)
        // A run that is under way keeps a single one from beginning again.
        let isFree =
            (configuration["mode"]?.text ?? "single") != "single" && (configuration["conditions"]?.list ?? []).isEmpty
            && hasNoConditions(configuration["actions"] ?? .null)
        var findings: [Finding] = []
        for trigger in triggers {
            switch trigger.kind {
            case "state", "numeric_state":
                for watched in Set(trigger.value["entity_id"]?.entityList ?? []).sorted() {
                    for step in steps where step.entities.contains(watched) {
                        guard let service = step.service, changes(service, watched) else { continue }
                        guard couldFire(trigger, after: service) else { continue }
                        let isCertain =
                            isFree && trigger.kind == "state" && service.hasSuffix(".toggle")
                            && ["from", "to", "not_from", "not_to", "attribute", "for"].allSatisfy {
                                trigger.value[$0] == nil
                            }
                        findings.append(
                            Finding(
                                isCertain: isCertain,
                                sentence: isCertain
                                    ? "It is triggered by every change of \(watched) and changes it itself (\(service)): it would run for ever."
                                    : "It is triggered by \(watched) and changes it itself (\(service)): it may set off itself."
                            ))
                    }
                }
            case "event":
                for type in trigger.value["event_type"]?.texts ?? [] where steps.contains(where: { $0.event == type }) {
                    let isCertain = isFree && trigger.value["event_data"] == nil
                    findings.append(
                        Finding(
                            isCertain: isCertain,
                            sentence: "It is triggered by the event \(type) and fires it itself: it "
                                + (isCertain ? "would run for ever." : "may set off itself.")))
                }
            default: break
            }
        }
        if let entity {
            for step in steps where step.service == "automation.trigger" && step.entities.contains(entity) {
                findings.append(
                    Finding(
                        isCertain: isFree,
                        sentence: "It triggers itself (automation.trigger): it "
                            + (isFree ? "would run for ever." : "may set off itself.")))
            }
        }
        var seen: Set<String> = []
        return findings.filter { seen.insert($0.sentence).inserted }
    }

    /// Services that only read, tell or reload change no state.
    private static func changes(_ service: String, _ entity: String) -> Bool {
        let domain = service.prefix { $0 != "." }
        return !["notify", "persistent_notification", "logger", "system_log", "tts", "logbook"].contains(domain)
            && service != "homeassistant.update_entity" && !entity.isEmpty
    }

    /// What a service leaves an entity in, where that is plain.
    private static let results = [
        "turn_on": "on", "turn_off": "off", "lock": "locked", "unlock": "unlocked", "open_cover": "open",
        "close_cover": "closed",
    ]

    private static func couldFire(_ trigger: TriggerShape, after service: String) -> Bool {
        guard trigger.kind == "state", trigger.value["attribute"] == nil,
            let result = results[String(service.drop { $0 != "." }.dropFirst())]
        else { return true }
        if let to = trigger.value["to"], to != .null, !to.texts.contains(result) { return false }
        if let excluded = trigger.value["not_to"], excluded.texts.contains(result) { return false }
        return true
    }

    /// Whether no step asks whether to go on.
    private static func hasNoConditions(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .array(let elements): return elements.allSatisfy(hasNoConditions)
        case .object(let members):
            let asking = [
                "condition", "if", "choose", "wait_template", "wait_for_trigger", "repeat", "stop", "and", "or", "not",
            ]
            return asking.allSatisfy { members[$0] == nil }
        case .string: return false
        default: return true
        }
    }
}
