import BridgeCore
import FoundationEssentials
import Store
import Testing

@testable import BridgeCommand

@Suite struct OwnerChoiceTests {
    private static func user(_ name: String, status: String = "active") throws -> StoredUser {
        let json = """
            {"id": "\(UserID())", "username": "\(name)", "email": "\(name)@example.org", "role": "user",
             "status": "\(status)", "is_active": \(status == "active"), "created_at": "2026-11-21T00:00:00Z"}
            """
        return try JSONDecoder().decode(StoredUser.self, from: Data(json.utf8))
    }

    @Test func takesTheOnlyActiveUser() throws {
        let users = [try Self.user("gone", status: "inactive"), try Self.user("anna")]
        #expect(try OwnerChoice.owner(named: nil, among: users).username == "anna")
    }

    @Test func takesTheNamedUserInAnyCase() throws {
        let users = [try Self.user("anna"), try Self.user("Bert")]
        #expect(try OwnerChoice.owner(named: "bert", among: users).username == "Bert")
    }

    @Test func listsTheChoiceWhenThereAreSeveral() throws {
        let users = [try Self.user("anna"), try Self.user("bert"), try Self.user("gone", status: "suspended")]
        let failure = #expect(throws: CommandFailure.self) { try OwnerChoice.owner(named: nil, among: users) }
        #expect(failure?.message == "Several users could own the connection: anna, bert. Say which with --user NAME.")
    }

    @Test func saysHowToMakeAUserWhenThereIsNone() throws {
        for users in [[], [try Self.user("gone", status: "inactive")]] {
            let failure = #expect(throws: CommandFailure.self) { try OwnerChoice.owner(named: nil, among: users) }
            #expect(failure?.message.contains("ha-bridge user add") == true)
            #expect(failure?.status == .usage)
        }
    }

    @Test func refusesUnknownAndInactiveUsers() throws {
        let users = [try Self.user("anna"), try Self.user("gone", status: "inactive")]
        let unknown = #expect(throws: CommandFailure.self) { try OwnerChoice.owner(named: "carl", among: users) }
        #expect(unknown?.message.contains("no user named “carl”") == true)
        let inactive = #expect(throws: CommandFailure.self) { try OwnerChoice.owner(named: "gone", among: users) }
        #expect(inactive?.message.contains("not active") == true)
    }

    @Test func refusesNamesThatNoTerminalShowsAsTheyAre() throws {
        for name in ["a\u{1B}b", "a\nb", "a\u{202E}b"] {
            #expect(throws: CommandFailure.self) { try NameRule.check(name, of: "connection") }
        }
        try NameRule.check("Häuschen 家 🏠", of: "connection")
    }
}
