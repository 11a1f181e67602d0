import BridgeCore
import Foundation
import TestSupport
import Testing

/// The same with a real Home Assistant, whose cameras and media players make tokens of their own.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized)
struct RealCanaryTests {
    private static let planted = "canaryreal8c7b6a5f4e3d2c1b"

    /// The tokens in the states of the house.
    private static func tokens(_ house: RealHouse) -> Set<String> {
        let states = house.ask("GET", "/api/states").json as? [[String: Any]] ?? []
        var tokens: Set<String> = []
        for case let attributes as [String: Any] in states.compactMap({ $0["attributes"] }) {
            if let token = attributes["access_token"] as? String { tokens.insert(token) }
            guard let picture = attributes["entity_picture"] as? String else { continue }
            let items = URLComponents(string: picture)?.queryItems ?? []
            for item in items where item.name == "token" { if let value = item.value { tokens.insert(value) } }
        }
        return tokens
    }

    @Test func secretsInStatesOfARealHouseAreKeptNowhere() async throws {
        let house = try RealHouse()
        let entity = "camera.canary_\(UInt32.random(in: 0..<1_000_000))"
        defer { _ = house.ask("DELETE", "/api/states/\(entity)") }
        try await ProcessRig.with { rig in
            rig.bridge.environment["HA_BRIDGE_LOG_LEVEL"] = "trace"
            try await rig.addConnection(url: house.url.description, token: house.token)
            let process = try rig.start()
            let snapshot = "SELECT count(*) FROM home_assistant_events WHERE source = 'snapshot'"
            #expect(try await rig.eventually(within: .seconds(60)) { try await rig.count(snapshot) > 10 })
            let body = #"{"state":"idle","attributes":\#(CanaryHouse.attributes(Self.planted))}"#
            #expect(house.ask("POST", "/api/states/\(entity)", body).status == 201)
            let stored = """
                SELECT count(*) FROM home_assistant_events
                WHERE entity_id = '\(entity)' AND attributes->>'access_token' ~ '^[*]+$'
                """
            #expect(try await rig.eventually(within: .seconds(60)) { try await rig.count(stored) == 1 })
            let tokens = Self.tokens(house)
            #expect(tokens.contains(Self.planted))
            let search = CanarySearch(canaries: tokens + [house.token])
            #expect(try await search.places(in: rig.session).isEmpty)
            #expect(search.places(below: rig.stateDirectory).isEmpty)
            #expect(search.places(inProcessesBelow: process.processID).isEmpty)
            let pages = ["/metrics", "/healthz", "/readyz"].map { (name: $0, text: rig.page($0).body) }
            #expect(search.places(in: pages + [("log", process.log)]).isEmpty)
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }
}
