import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import TestSupport
import Testing
import WebSocketTransport

/// One loop with production's options serves all tests, as in the product.
let sharedLoop: Result<WebSocketEventLoop, any Error> = Result {
    try WebSocketEventLoop(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// A fake Home Assistant and the ways to ask it.
struct FakeHouse {
    let server: FakeHomeAssistant
    let requests: RESTPort

    init(token: String = "fake-token", prefix: String = "") throws {
        server = try FakeHomeAssistant()
        let url = try HomeAssistantURL(server.url + prefix)
        let target = SessionTarget(connection: ConnectionID(), url: url, token: Secret(Array(token.utf8)))
        requests = RESTPort.over(try sharedLoop.get(), HostResolver(), target)
    }

    var configurations: AutomationConfigurationClient { AutomationConfigurationClient(requests) }
}

/// A configuration from JSON that is right.
func configuration(_ json: String) throws -> ConfigurationValue { try #require(ConfigurationValue(json: json)) }

/// What `body` fails with.
func failure<E: Error>(_ body: () async throws(E) -> some Any) async -> E? {
    do throws(E) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
