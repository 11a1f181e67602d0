import BridgeCore
import FoundationEssentials
import Testing

@testable import Store

/// What needs no database.
@Suite struct PureStoreTests {
    @Test(arguments: [
        ("light.*", "light.%"), ("a_b?c%", "a\\_b_c\\%"), ("back\\slash", "back\\\\slash"), ("", ""),
        ("plain", "plain"),
    ])
    func globsBecomeLikePatterns(glob: String, pattern: String) { #expect(EventFilter.like(glob) == pattern) }

    @Test(arguments: [
        ("192.168.1.5", "192.168.1.5"), ("::1", "::1"), ("fe80::1%eth0", "fe80::1"), ("hass.local", nil), ("", nil),
        ("1.2.3", nil), ("1.2.3.4/24", nil),
    ])
    func onlyNumericAddressesAreStored(text: String, address: String?) {
        #expect(NumericAddress.normalised(text) == address)
    }

    @Test func textIsCutByCodePointsAndFreedOfNUL() {
        #expect(StorableText.fitting("a\0b") == "a\u{FFFD}b")
        #expect(StorableText.fitting("e\u{301}x", limit: 2) == "e\u{301}")
        #expect(StorableText.fitting("abc", limit: 3) == "abc")
        #expect(StorableText.fitting("\r\n\0", limit: 3) == "\r\n\u{FFFD}")
    }

    @Test func placeholdersCountThrough() {
        #expect(Placeholders.rows(2, columns: 3) == "($1, $2, $3), ($4, $5, $6)")
    }

    @Test func anEventAsJSONKeepsItsAttributesAndEscapesTheRest() throws {
        let event = StoredEvent(
            id: EventID(), connectionID: ConnectionID(), connectionName: "He said \"no\"\n", eventType: "state_changed",
            entityID: nil, oldState: "\\", newState: "\u{1}é", attributes: #"{"n": 1.10}"#, timestamp: .sample,
            createdAt: nil, value: .nan, source: "live", contextID: nil, contextParentID: nil, contextUserID: nil)
        #expect(event.json.contains(#""attributes":{"n": 1.10}"#))
        #expect(event.json.contains(#""connection":"He said \"no\"\u000a""#))
        #expect(event.json.contains(#""old_state":"\\","new_state":"\u0001é""#))
        #expect(event.json.contains(#""value":null"#))
        struct Decoded: Decodable { let connection: String }
        #expect(try JSONDecoder().decode(Decoded.self, from: Data(event.json.utf8)).connection == "He said \"no\"\n")
    }

    @Test func waitingIsToldInSentences() {
        #expect(
            MigrationEvent.waitingForLock(since: .zero).description
                == "Another process migrates this database. Waiting for it.")
        #expect(
            MigrationEvent.waitingForLock(since: .seconds(5)).description
                == "Another process migrates this database. Waiting for it (5 s).")
        #expect(
            MigrationEvent.applied(version: 2, description: "x", took: .milliseconds(1_234)).description
                == "Applied migration 2 (x) in 1234 ms.")
    }
}
