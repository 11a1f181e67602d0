import BridgeCore
import HomeAssistantClient
import TestSupport
import Testing
import WebSocketTransport

@testable import BridgeCommand

/// In a process of its own: the session makes a loop, and a command's process has no other.
@Suite(.timeLimit(.minutes(1)))
struct CommandSessionTests {
    @Test func lendsBothWaysToAsk() async {
        await #expect(processExitsWith: .success) {
            let server = try FakeHomeAssistant()
            defer { server.stop() }
            let place = ConnectionPlace(
                url: try HomeAssistantURL(server.url), trust: .system, addresses: AddressPolicy())
            let found = try await CommandSession.with(place, token: Secret(Array("fake-token".utf8))) { ports in
                let configurations = AutomationConfigurationClient(ports.requests)
                let configuration = try #require(
                    ConfigurationValue(json: #"{"alias":"A","triggers":[],"actions":[]}"#))
                try await configurations.write(configuration, as: "a")
                _ = try await ServiceClient(ports.commands).call(
                    "automation", "turn_off", target: .object(["entity_id": .string("automation.a")]))
                return try await configurations.read("a")
            }
            #expect(found?["id"]?.text == "a")
            #expect(server.automations.entries["a"]?.isOn == false)
        }
    }
}
