import BridgeCore
import Cryptography
import Foundation
import HomeAssistantClient
import Testing

@testable import Automation

struct ConfigurationTests {
    private static func sealer() throws -> ConfigurationSealer {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sealer-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return ConfigurationSealer(
            TokenSealer(keyring: try Keyring.create(path: directory.appending(path: "keyring").path)))
    }

    private static func configuration(_ json: String) throws -> ConfigurationValue {
        try #require(ConfigurationValue(json: json))
    }

    /// One configuration, and where each value of it that came from `!secret` stands.
    private static let secretive = """
        {"id":"a","alias":"Door","description":"Opens","triggers":[{"trigger":"webhook","webhook_id":"hook-of-mine"},\
        {"trigger":"mqtt","topic":"house/door","payload":"sesame"}],"variables":{"word":"hunter2"},\
        "actions":[{"action":"notify.send","data":{"message":"the secret greeting","target":"+4915112345678","pin":4711,\
        "data":{"id":"inner","type":"quiet","url":"https://ann:pw@example.org/x","list":["one","two"]}}},\
        {"action":"alarm_control_panel.alarm_disarm","target":{"entity_id":"alarm_control_panel.home"},"data":{"code":1234}},\
        {"action":"rest_command.call","data":{"token":{"deep":"xylophone"},"value":987654,"level":50,"when":"{{ now() }}"}},\
        {"delay":"00:00:05"}],"mode":"single"}
        """

    @Test func storesNoSecretInClear() throws {
        let sealed = try Self.sealer().seal(
            try Self.configuration(Self.secretive), of: AutomationID(), connection: ConnectionID())
        let text = sealed.snapshot.json
        for secret in [
            "hook-of-mine", "sesame", "house/door", "hunter2", "greeting", "+4915112345678", "4711", "ann:pw", "1234",
            "xylophone",
            "987654", "inner", "quiet", "\"one\"",
        ] {
            #expect(!text.contains(secret), "\(secret)")
        }
        for clear in [
            "\"Door\"", "\"Opens\"", "webhook", "mqtt", "notify.send", "alarm_control_panel.home", "{{ now() }}",
            "00:00:05",
            "\"level\":50", "single",
        ] {
            #expect(text.contains(clear), "\(clear)")
        }
        #expect(sealed.sealedSecrets?.hasPrefix("v1.") == true)
        #expect(sealed.digest.count == 32)
    }

    @Test func leavesTheIdOfTheAutomationAloneAndNoOther() throws {
        let json = #"{"id":"hall_light_20261121_f3a9","actions":[{"id":"hall_light_20261121_f3a9"}]}"#
        let snapshot = try Self.sealer().seal(
            try Self.configuration(json), of: AutomationID(), connection: ConnectionID()
        ).snapshot
        #expect(snapshot["id"]?.text == "hall_light_20261121_f3a9")
        guard case .array(let actions) = snapshot["actions"], let inner = actions.first?["id"]?.text else {
            Issue.record("It has no actions.")
            return
        }
        #expect(Placeholder.parse(inner)?.isSecret == true)
    }

    @Test func opensWhatItSealedForThatAutomationOnly() throws {
        let sealer = try Self.sealer()
        let (automation, connection) = (AutomationID(), ConnectionID())
        let original = try Self.configuration(Self.secretive)
        let sealed = try sealer.seal(original, of: automation, connection: connection)
        func open(_ automation: AutomationID, _ reveals: Bool) throws -> ConfigurationValue {
            try sealer.open(
                sealed.snapshot, sealedSecrets: sealed.sealedSecrets, of: automation, connection: connection,
                revealsSecrets: reveals)
        }
        #expect(try open(automation, true) == original)
        let texts = try open(automation, false).json
        #expect(texts.contains("the secret greeting") && !texts.contains("4711") && !texts.contains("hook-of-mine"))
        #expect(throws: CryptographyError.self) { try open(AutomationID(), true) }
    }

    @Test func digestsTellEditsOfSealedValuesAndNothingElse() throws {
        let sealer = try Self.sealer()
        let (automation, connection) = (AutomationID(), ConnectionID())
        let first = try sealer.seal(try Self.configuration(Self.secretive), of: automation, connection: connection)
        func again(_ json: String) throws -> SealedConfiguration {
            try sealer.seal(
                try Self.configuration(json), of: automation, connection: connection, previous: first.sealedSecrets)
        }
        #expect(try again(Self.secretive).digest == first.digest)
        #expect(try again(Self.secretive.replacing("hunter2", with: "hunter3")).digest != first.digest)
        // Nobody can try out values without what is sealed: another automation has other placeholders.
        let other = try sealer.seal(try Self.configuration(Self.secretive), of: AutomationID(), connection: connection)
        #expect(other.digest != first.digest)
    }

    @Test func sealsMoreThanOneTokenHolds() throws {
        let sealer = try Self.sealer()
        let (automation, connection) = (AutomationID(), ConnectionID())
        let messages = (0..<300).map {
            #"{"action":"notify.x","data":{"message":"Message number \#($0) of many, many äöü"}}"#
        }
        let original = try Self.configuration(#"{"actions":[\#(messages.joined(separator: ","))]}"#)
        let sealed = try sealer.seal(original, of: automation, connection: connection)
        #expect((sealed.sealedSecrets?.split(separator: " ").count ?? 0) > 1)
        let opened = try sealer.open(
            sealed.snapshot, sealedSecrets: sealed.sealedSecrets, of: automation, connection: connection,
            revealsSecrets: true)
        #expect(opened == original)
    }

    /// A text of a person's that looks like a placeholder is no way to another value.
    @Test func aForgedPlaceholderIsSealedLikeAnyText() throws {
        let sealer = try Self.sealer()
        let forged = "‹text 0123456789abcdef›"
        let original = try Self.configuration(#"{"alias":"\#(forged)"}"#)
        let (automation, connection) = (AutomationID(), ConnectionID())
        let sealed = try sealer.seal(original, of: automation, connection: connection)
        #expect(!sealed.snapshot.json.contains("0123456789abcdef"))
        #expect(
            try sealer.open(
                sealed.snapshot, sealedSecrets: sealed.sealedSecrets, of: automation, connection: connection,
                revealsSecrets: true) == original)
    }

    @Test(arguments: [
        ("light.kitchen", "entity_id", SecretRules.Judgement.clear),
        ("5f1d0a7c9e3b4d2f8a6c1e0b9d7f5a3c", "device_id", .clear),
        ("5f1d0a7c9e3b4d2f8a6c1e0b9d7f5a3c", "value", .secret),
        ("Bearer abc", "header", .secret), ("a@b.org", "to_whom", .secret), ("", "password", .clear),
        ("{{ states('input_text.pin') }}", "pin", .clear), ("06:30:00", "at", .clear), ("turn_on", "service", .clear),
        ("my wake word", "at", .text), ("off", "value", .clear), ("2026-11-21T10:00:00", "at", .clear),
    ])
    func judges(_ text: String, under key: String, as expected: SecretRules.Judgement) {
        #expect(SecretRules.judge(.string(text), under: key) == expected)
    }

    @Test func spellingsOfTheSameAreEqual() throws {
        let old = try Self.configuration(
            """
            {"alias":"A","description":"","trigger":{"platform":"state","entity_id":"light.a"},"condition":[],\
            "action":{"service":"light.turn_on","target":{"entity_id":"light.b"}}}
            """)
        let new = try Self.configuration(
            """
            {"alias":"A","triggers":[{"trigger":"state","entity_id":"light.a"}],"mode":"single",\
            "actions":[{"action":"light.turn_on","target":{"entity_id":"light.b"}}]}
            """)
        #expect(ConfigurationSpelling.normalised(old) == ConfigurationSpelling.normalised(new))
        let nested = try Self.configuration(
            #"{"actions":[{"choose":{"conditions":{"condition":"x"},"sequence":{"service":"a.b"}}}]}"#)
        #expect(ConfigurationSpelling.normalised(nested).json.contains(#""sequence":[{"action":"a.b"}]"#))
    }

    @Test func readsLikeYAML() throws {
        let value = try Self.configuration(
            """
            {"actions":[{"action":"light.turn_on","data":{"brightness":10,"text":"yes"}},{"delay":"00:00:05"}],"alias":"A: b",\
            "id":"1","triggers":[],"enabled":true}
            """)
        #expect(
            ConfigurationText.lines(value) == [
                #"id: "1""#, #"alias: "A: b""#, "triggers: []", "actions:", "  - action: light.turn_on", "    data:",
                "      brightness: 10", #"      text: "yes""#, #"  - delay: "00:00:05""#, "enabled: true",
            ])
    }

    @Test func differencesShowWhatChangedAndLittleElse() {
        let old = (1...20).map { "line \($0)" }
        var new = old
        new[9] = "another"
        let difference = LineDifference(from: old, to: new, context: 1)
        #expect(
            difference.lines == [
                .skipped(8), .same("line 9"), .removed("line 10"), .added("another"), .same("line 11"), .skipped(9),
            ])
        #expect(LineDifference(from: old, to: old).isEmpty)
        #expect(LineDifference(from: [], to: ["a"]).lines == [.added("a")])
    }

    @Test func nestingHasAnEnd() {
        let deep = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
        #expect(ConfigurationValue(json: deep) == nil)
        #expect(ConfigurationValue(json: "{") == nil)
    }
}
