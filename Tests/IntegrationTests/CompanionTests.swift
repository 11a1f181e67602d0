import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Ingest
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable)) struct CompanionTests {
    @Test func aCompanionAsksOverBothWaysOfEachSession() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        fake.automations.add("a", #"{"alias":"A","triggers":[],"actions":[]}"#)
        let asked = LockedBox<[String]>([])
        let companion = SessionCompanion(
            follow: { _, ports in
                let alias = try? await AutomationConfigurationClient(ports.requests).read("a")?["alias"]?.text
                let services = (try? await ServiceClient(ports.commands).services().count) ?? 0
                asked.withLock { $0.append("\(alias ?? "none") \(services > 0)") }
            }, receive: { _, _ in })
        try await Bridge.with(
            companions: { _ in [companion] }, prepare: { try await $0.addConnection(url: fake.url) }
        ) { bridge async throws in
            #expect(try await bridge.eventually { asked.withLock { $0 == ["A true"] } })
            fake.closeAll()
            #expect(try await bridge.eventually { asked.withLock { $0 == ["A true", "A true"] } })
        }
    }
}
