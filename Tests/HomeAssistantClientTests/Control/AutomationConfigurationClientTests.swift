import BridgeConcurrency
import BridgeCore
import TestSupport
import Testing
import WebSocketTransport

@testable import HomeAssistantClient

@Suite(.timeLimit(.minutes(1)))
struct AutomationConfigurationClientTests {
    private let automation = #"{"alias":"A","trigger":[{"platform":"event","event_type":"x"}],"action":[]}"#

    @Test func readsWritesAndDeletes() async throws {
        let house = try FakeHouse(prefix: "/behind/a-proxy")
        defer { house.server.stop() }
        let client = house.configurations
        #expect(try await client.read("a") == nil)
        try await client.write(try configuration(automation), as: "a")
        let stored = try #require(try await client.read("a"))
        #expect(stored["triggers"] != nil && stored["id"]?.text == "a" && stored["alias"]?.text == "A")
        #expect(try await client.delete("a"))
        #expect(try await client.delete("a") == false)
        #expect(try await client.read("a") == nil)
        #expect(
            house.server.snapshot.connections[0].requestHead.hasPrefix("GET /behind/a-proxy/api/config/automation/"))
    }

    @Test(arguments: ["1700000000000", "a b/c", "ä?x=1&y#z", "100%25", "a\"b'c<>", "🦔", "..a"])
    func anyIDArrivesAsItIsAndIsTheOneThatIsWritten(id: String) async throws {
        let house = try FakeHouse()
        defer { house.server.stop() }
        let other = try configuration(#"{"alias":"A","triggers":[],"actions":[],"id":"another"}"#)
        try await house.configurations.write(other, as: id)
        #expect(Array(house.server.automations.entries.keys) == [id])
        #expect(try await house.configurations.read(id)?["id"]?.text == id)
        #expect(house.server.automations.requests.map(\.id) == [id, id])
    }

    @Test func idsThatNoURLCanCarryAreNeverSent() async throws {
        let house = try FakeHouse()
        defer { house.server.stop() }
        for id in ["", ".", "..", "a\nb", "\u{7F}"] {
            guard
                case .notSent = await failure({ () throws(ConfigurationFailure) in
                    try await house.configurations.read(id)
                })
            else {
                Issue.record("\(id) was sent.")
                continue
            }
        }
        guard
            case .notSent = await failure({ () throws(ConfigurationFailure) in
                try await house.configurations.write(.array([]), as: "a")
            })
        else {
            Issue.record("A list was sent.")
            return
        }
        #expect(house.server.snapshot.connections.isEmpty)
    }

    @Test func tellsARefusalWithItsReasonAndWithoutSecrets() async throws {
        let house = try FakeHouse()
        defer { house.server.stop() }
        let bad = try configuration(#"{"alias":"A","trigger":[{"platform":"nope"}],"action":[]}"#)
        #expect(
            await failure { () throws(ConfigurationFailure) in try await house.configurations.write(bad, as: "a") }
                == .refused(status: 400, message: "Message malformed: Invalid trigger 'nope' specified"))
        house.server.automations.update {
            $0.fate = { _ in .refuse(status: 400, body: #"{"message":"bad value 'hunter22'\u202e\n for code"}"#) }
        }
        let found = await failure { () throws(ConfigurationFailure) in
            try await house.configurations.write(bad, as: "a", hiding: ["hunter2", "hunter22", ""])
        }
        #expect(found == .refused(status: 400, message: "bad value '‹secret›'   for code"))
        #expect(house.server.automations.entries.isEmpty)
    }

    /// The status and body of an answer, and what reading, writing and deleting make of it.
    @Test(arguments: [
        (500, "500 Internal Server Error", "unreadable", "unreadable"),
        (401, "401: Unauthorized", "unauthorised", "unauthorised"),
        (404, "404: Not Found", "refused", "refused"),
        (403, #"{"message":"banned"}"#, "refused", "refused"),
        (302, "", "refused", "refused"),
        (502, "Bad Gateway", "refused", "noAnswer"),
        (504, "<html>", "refused", "noAnswer"),
        (200, "<html>Log in</html>", "refused", "noAnswer"),
        (200, "[]", "refused", "noAnswer"),
        (400, #"{"message":"Resource not found"}"#, "refused", "refused"),
    ])
    func namesWhatAnAnswerMeans(status: Int, body: String, reading: String, writing: String) async throws {
        let client = AutomationConfigurationClient(
            RESTPort { (_, _) throws(RESTFailure) in RESTResponse(status: status, body: Array(body.utf8)) })
        func name(_ failure: ConfigurationFailure?) -> String {
            switch failure {
            case nil: "none"
            case .refused(status, _): "refused"
            case .refused: "refused with another status"
            case .unreadableFile: "unreadable"
            case .unauthorised: "unauthorised"
            case .notSent: "notSent"
            case .noAnswer: "noAnswer"
            }
        }
        #expect(name(await failure { () throws(ConfigurationFailure) in try await client.read("a") }) == reading)
        let value = try configuration(automation)
        #expect(
            name(await failure { () throws(ConfigurationFailure) in try await client.write(value, as: "a") }) == writing
        )
        if status != 400 {
            #expect(name(await failure { () throws(ConfigurationFailure) in try await client.delete("a") }) == writing)
        }
    }

    @Test func wrongTokensAndUsersWithoutRightsAreToldApartFromAMissingAutomation() async throws {
        let stranger = try FakeHouse(token: "another")
        defer { stranger.server.stop() }
        let house = try FakeHouse()
        defer { house.server.stop() }
        house.server.update { $0.isAdmin = false }
        for client in [stranger.configurations, house.configurations] {
            #expect(await failure { () throws(ConfigurationFailure) in try await client.read("a") } == .unauthorised)
        }
        #expect(ConfigurationFailure.unauthorised.description.contains("set-token"))
    }

    @Test func aBrokenFileIsNamed() async throws {
        let house = try FakeHouse()
        defer { house.server.stop() }
        house.server.automations.add("a", automation)
        house.server.automations.update { $0.isFileBroken = true }
        let found = await failure { () throws(ConfigurationFailure) in try await house.configurations.read("a") }
        #expect(found == .unreadableFile && "\(ConfigurationFailure.unreadableFile)".contains("!secret"))
    }

    @Test func knowsWhetherARequestMayHaveArrived() async throws {
        let house = try FakeHouse()
        let value = try configuration(automation)
        house.server.automations.update { $0.fate = { _ in .dropAfter } }
        guard
            case .noAnswer = await failure({ () throws(ConfigurationFailure) in
                try await house.configurations.write(value, as: "a")
            })
        else {
            Issue.record("It may have arrived.")
            return
        }
        #expect(house.server.automations.entries["a"] != nil)
        house.server.stop()
        guard
            case .notSent = await failure({ () throws(ConfigurationFailure) in
                try await house.configurations.write(value, as: "a")
            })
        else {
            Issue.record("Nothing can have arrived.")
            return
        }
    }

    @Test func aCancelledTaskGivesUpAtOnce() async throws {
        let house = try FakeHouse()
        defer { house.server.stop() }
        house.server.automations.update { $0.fate = { _ in .silence } }
        let client = house.configurations
        let task = Task { await failure { () throws(ConfigurationFailure) in try await client.read("a") } }
        #expect(await house.server.wait { $0.connections.contains { $0.requestHead.hasPrefix("GET") } })
        task.cancel()
        guard case .noAnswer = await task.value else {
            Issue.record("It was under way.")
            return
        }
        #expect(await house.server.wait { $0.connections.allSatisfy { !$0.isOpen } })
    }

    @Test func placesThatMustNotBeReachedAreNot() async throws {
        let target = SessionTarget(
            connection: ConnectionID(), url: try HomeAssistantURL("http://169.254.169.254:8123"),
            token: Secret(Array("t".utf8)))
        let client = AutomationConfigurationClient(RESTPort.over(try sharedLoop.get(), HostResolver(), target))
        guard
            case .notSent(let reason) = await failure({ () throws(ConfigurationFailure) in try await client.read("a") })
        else {
            Issue.record("It was sent.")
            return
        }
        #expect(reason.contains("link-local"))
    }
}
