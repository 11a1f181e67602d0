import BridgeCore

/// The tester of the program: a session with Home Assistant that ends after its configuration came.
struct ConnectionProbe: ConnectionTester {
    func test(url: HomeAssistantURL, token: Secret) async -> ConnectionTestResult {
        ConnectionTestResult(
            kind: .unreachable, duration: .zero,
            message: "This program cannot test connections yet. Store the connection untested with --no-test.")
    }
}
