import HomeAssistantClient
import Store
import Testing

@testable import Automation

/// Risk, loops, and the shape of what is proposed; no database.
@Suite struct RiskTests {
    private static func configuration(_ json: String) throws -> ConfigurationValue {
        ConfigurationSpelling.normalised(try #require(ConfigurationValue(json: json)))
    }

    private static func facts(
        _ services: [String], _ entities: [String] = [], unknownServices: Bool = false, unknownEntities: Bool = false
    ) -> ChangeFacts {
        var facts = ChangeFacts()
        facts.services = services
        facts.entities = entities
        facts.domains = Set((services + entities).map { String($0.prefix { $0 != "." }) }).sorted()
        facts.hasUnknownServices = unknownServices
        facts.hasUnknownEntities = unknownEntities
        return facts
    }

    private static func level(
        _ facts: ChangeFacts, portraits: [EntityPortrait] = [], _ configuration: SafetyConfiguration = .init()
    ) -> RiskLevel {
        var subject = RiskAssessment.Subject(.create, facts: facts)
        subject.portraits = Dictionary(portraits.map { ($0.entityID, $0) }) { first, _ in first }
        return RiskAssessment(subject, configuration: configuration).level
    }

    @Test(arguments: [
        ("lock.unlock", "lock.front"), ("lock.lock", "lock.front"),
        ("alarm_control_panel.alarm_disarm", "alarm_control_panel.home"),
        ("cover.open_cover", "cover.garage"), ("cover.close_cover", "cover.blind"),
        ("climate.set_temperature", "climate.hall"),
        ("water_heater.turn_on", "water_heater.boiler"), ("valve.open_valve", "valve.main"),
        ("siren.turn_on", "siren.roof"),
        ("switch.turn_on", "switch.front_door_opener"), ("button.press", "button.garage_gate"),
        ("switch.turn_on", "switch.wasserpumpe_heizung"), ("homeassistant.turn_off", "lock.front"),
        ("scene.apply", "climate.hall"), ("mqtt.publish", "light.x"), ("rest_command.tell", "light.x"),
    ])
    func whatCouldHarmIsHigh(_ service: String, _ entity: String) {
        #expect(Self.level(Self.facts([service], [entity])) >= .high)
    }

    @Test(arguments: [
        ("light.turn_on", "light.hall"), ("notify.phone", "light.hall"), ("media_player.play_media", "media_player.tv"),
        ("input_boolean.toggle", "input_boolean.guests"), ("switch.turn_on", "switch.christmas_tree"),
        ("light.turn_on", "light.front_door"), ("homeassistant.turn_off", "light.hall"), ("fan.turn_on", "fan.bath"),
        ("notify.phone", "lock.front"),
    ])
    func whatIsHarmlessIsLow(_ service: String, _ entity: String) {
        #expect(Self.level(Self.facts([service], [entity])) == .low)
    }

    @Test func whatEndsOrRunsAnythingIsCritical() {
        for service in ["homeassistant.stop", "homeassistant.restart", "shell_command.rm", "python_script.x"] {
            #expect(Self.level(Self.facts([service])) == .critical)
        }
    }

    @Test func whatIsNotKnownIsNotHarmless() {
        #expect(Self.level(Self.facts([], unknownServices: true)) >= .high)
        #expect(Self.level(Self.facts(["homeassistant.turn_on"], unknownEntities: true)) >= .high)
        // A lamp, whichever.
        #expect(Self.level(Self.facts(["light.turn_on"], unknownEntities: true)) == .low)
    }

    @Test func theRegistryTellsWhatHangsOnASwitch() {
        let facts = Self.facts(["switch.turn_on"], ["switch.relay_7"])
        #expect(Self.level(facts) == .low)
        #expect(Self.level(facts, portraits: [EntityPortrait("switch.relay_7", name: "Garage opener")]) >= .high)
        let cover = Self.facts(["cover.open_cover"], ["cover.c1"])
        var subject = RiskAssessment.Subject(.create, facts: cover)
        subject.portraits = ["cover.c1": EntityPortrait("cover.c1", deviceClass: "garage")]
        let risk = RiskAssessment(subject, configuration: .init())
        #expect(risk.reasons.first?.sentence == "It acts on a door, a gate or an opener of one: cover.c1.")
    }

    @Test func theOwnersThresholdsCountAndTheFloorStays() {
        var configuration = SafetyConfiguration()
        configuration.highThreshold = 1
        configuration.mediumThreshold = 0.05
        #expect(Self.level(Self.facts(["cover.open_cover"], ["cover.blind"]), configuration) == .medium)
        #expect(Self.level(Self.facts(["light.turn_on"], ["light.x"]), configuration) == .medium)
        var locked = Self.facts(["lock.unlock"], ["lock.front"])
        locked.riskFloor = .high
        #expect(Self.level(locked, configuration) == .high)
    }

    @Test func pausingIsLowWhateverItDoes() {
        let subject = RiskAssessment.Subject(.pause, facts: Self.facts(["automation.turn_off"], ["automation.lock_up"]))
        #expect(RiskAssessment(subject, configuration: .init()).level == .low)
    }

    // MARK: Loops

    @Test func aLoopThatIsCertainIsFound() throws {
        let loop = #"""
            {"alias": "x", "mode": "MODE", "triggers": [{"trigger": "state", "entity_id": "light.a" TO}],
            "actions": [{"action": "light.toggle", "target": {"entity_id": ["light.a"]}}]}
            """#
        func find(_ mode: String, _ to: String = "") throws -> [Bool] {
            try TriggerLoops.find(
                in: Self.configuration(loop.replacing("MODE", with: mode).replacing("TO", with: to)), entity: nil
            ).map(\.isCertain)
        }
        #expect(try find("queued") == [true])
        // The run that is under way keeps the next from beginning.
        #expect(try find("single") == [false])
        #expect(try find("restart", #", "to": "on""#) == [false])
        #expect(try find("restart", #", "for": 5"#) == [false])
    }

    @Test func whatCannotSetItselfOffIsNoLoop() throws {
        for json in [
            #"{"triggers": [{"trigger": "state", "entity_id": "light.a", "to": "off"}], "actions": [{"action": "light.turn_on", "target": {"entity_id": "light.a"}}]}"#,
            #"{"triggers": [{"trigger": "state", "entity_id": "light.b"}], "actions": [{"action": "light.toggle", "target": {"entity_id": "light.a"}}]}"#,
            #"{"triggers": [{"trigger": "state", "entity_id": "light.a"}], "actions": [{"action": "notify.x", "data": {"entity_id": "light.a"}}]}"#,
            #"{"triggers": [{"trigger": "event", "event_type": "a"}], "actions": [{"event": "b"}]}"#,
        ] {
            #expect(TriggerLoops.find(in: try Self.configuration(json), entity: "automation.x").isEmpty, "\(json)")
        }
        let event = try Self.configuration(
            #"{"mode": "parallel", "triggers": [{"trigger": "event", "event_type": "a"}], "actions": [{"event": "a"}]}"#
        )
        #expect(TriggerLoops.find(in: event, entity: nil).map(\.isCertain) == [true])
        let itself = try Self.configuration(
            #"{"triggers": [], "actions": [{"if": [], "then": [{"action": "automation.trigger", "target": {"entity_id": "automation.x"}}]}]}"#
        )
        #expect(TriggerLoops.find(in: itself, entity: "automation.x").map(\.isCertain) == [false])
    }

    // MARK: Shape

    @Test func namesAreBroughtIntoSmallLettersAndNothingElseIs() throws {
        let given = try #require(
            ConfigurationValue(
                json: #"""
                    {"alias": "Ada's Lamp", "id": 17, "trigger": {"platform": "time", "at": "07:00"}, "action": {"service": "Light.Turn_On",
                    "entity_id": "LIGHT.Hall", "data": {"message": "HELLO", "action": "OPEN", "entity_id": "{{ X }}"}}}
                    """#))
        let shaped = try ProposalShape.checked(given)
        #expect(shaped["id"]?.text == "17" && shaped["alias"]?.text == "Ada's Lamp")
        #expect(
            shaped["actions"]?.json
                == #"[{"action":"light.turn_on","data":{"action":"OPEN","entity_id":"{{ X }}","message":"HELLO"},"entity_id":"light.hall"}]"#
        )
    }

    @Test(arguments: [
        (#"[]"#, "no automation"), (#"{"alias": "x", "triggers": [], "actions": []}"#, "no triggers"),
        (#"{"triggers": [{}], "actions": [{}]}"#, "alias"),
        (#"{"alias": " ", "triggers": [{}], "actions": [{}]}"#, "alias"),
        (#"{"alias": "x", "trigger": [{}], "triggers": [{}], "actions": [{}]}"#, "take one"),
        (#"{"alias": "x", "triggers": [{}], "actions": [{}], "zzz": 1}"#, "zzz"),
        (#"{"alias": "x", "triggers": [{}], "actions": [{}], "mode": "fast"}"#, "mode"),
        (#"{"alias": "x", "triggers": [{}], "actions": [{}], "id": []}"#, "id"),
        (
            #"{"alias": "x", "triggers": [{}], "actions": [{"data": {"code": "‹secret 0123456789abcdef›"}}]}"#,
            "placeholder"
        ),
    ])
    func whatIsNoAutomationIsRefusedWithTheReason(_ json: String, _ word: String) throws {
        let given = try #require(ConfigurationValue(json: json))
        let refusal = #expect(throws: ProposalRefusal.self) { try ProposalShape.checked(given) }
        #expect(refusal?.description.contains(word) == true, "\(refusal?.description ?? "-")")
    }
}
