import Testing

@testable import BridgeCommand

/// Automations as people write them.
@Suite struct AutomationDocumentTests {
    private static func json(_ text: String) throws -> String {
        try AutomationDocument.configuration(text, path: "f.yaml").json
    }

    private static func refusal(_ text: String) -> String? {
        do {
            _ = try AutomationDocument.configuration(text, path: "f.yaml")
            return nil
        } catch {
            return error.message
        }
    }

    @Test func readsYAMLAsHomeAssistantDoes() throws {
        #expect(
            try Self.json(
                """
                - alias: Porch
                  triggers:
                    - trigger: state
                      to: "on"
                      from: off
                      for: 00:05:00
                  level: 0.10
                  pin: "0123"
                  date: 2026-11-21
                  list: [1, -2.5, 1e3, yes, ~, 0x10, 010]
                  template: "{{ a }}"
                """)
                == #"{"alias":"Porch","date":"2026-11-21","level":0.10,"list":[1,-2.5,1e3,true,null,16,8],"pin":"0123","template":"{{ a }}","triggers":[{"for":"00:05:00","from":false,"to":"on","trigger":"state"}]}"#
        )
        #expect(try Self.json(#"{"alias": "x", "n": 0.10, "t": "5"}"#) == #"{"alias":"x","n":0.10,"t":"5"}"#)
        #expect(try Self.json("a: &x [1]\nb: *x") == #"{"a":[1],"b":[1]}"#)
    }

    @Test(arguments: [
        ("code: !secret door", "!secret"), ("a: !include b.yaml", "!include"),
        ("a: !include_dir_list b", "include_dir"),
        ("a: !env_var X", "!env_var"), ("a: !input lamp", "blueprint"), ("!secret a: b", "!secret"),
        ("a: [!secret x]", "!secret"), ("a: !!binary aGk=", "binary"), ("", "empty"),
        ("- a: 1\n- b: 2", "one at a time"),
        ("just text", "no automation"), ("5", "no automation"), ("a: 1\na: 2", "set twice"), ("a: [", "not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"), ("[1]: 2", "a word"), ("<<: {a: 1}", "write out"),
    ])
    func refusesWithTheReason(_ text: String, _ word: String) {
        #expect(Self.refusal(text)?.contains(word) == true, "\(Self.refusal(text) ?? "nothing")")
    }

    @Test func endsWhereSomebodyMeansHarm() {
        #expect(Self.refusal(String(repeating: "[", count: 100_000)) != nil)
        #expect(Self.refusal("a: " + String(repeating: "- ", count: 50_000) + "1") != nil)
        var bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        for level in 1...12 {
            let names = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            bomb += "a\(level): &a\(level) [\(names)]\n"
        }
        #expect(Self.refusal(bomb)?.contains("too many") == true)
        #expect(Self.refusal("a: " + String(repeating: "x", count: 2 << 20))?.contains("1 MiB") == true)
        // Nothing of the file shows.
        #expect(Self.refusal("password: hunter2\n  x: [")?.contains("hunter2") == false)
    }
}
