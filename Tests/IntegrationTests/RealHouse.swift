import BridgeCore
import Foundation
import HomeAssistantClient
import TestSupport
import Testing

/// What a test asks of Home Assistant beside the bridge.
struct RealHouse: Sendable {
    let url: HomeAssistantURL
    let token: String

    init() throws {
        let (url, tokenFile) = try #require(TestHomeAssistant.given)
        self.url = try HomeAssistantURL(url)
        token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines)
    }

    func ask(_ method: String = "GET", _ path: String, _ body: String = "") -> ProcessExchange {
        ProcessExchange.ask(
            method, host: url.host, port: UInt16(url.port), path: url.pathPrefix + path,
            headers: ["Authorization: Bearer \(token)", "Content-Type: application/json"], body: body, limit: 60)
    }

    /// The states of all entities.
    func entities() -> Set<String> {
        let states = ask("GET", "/api/states").json as? [[String: Any]] ?? []
        return Set(states.compactMap { $0["entity_id"] as? String })
    }

    /// The times, in microseconds, at which Home Assistant's recorder saw each entity change.
    func history(of entities: [String], from start: Timestamp, to end: Timestamp) -> [String: [Int64]] {
        let path =
            "/api/history/period/\(Self.escaped(start))?end_time=\(Self.escaped(end))&significant_changes_only=0"
            + "&no_attributes&skip_initial_state&filter_entity_id=\(entities.joined(separator: ","))"
        var times: [String: [Int64]] = [:]
        for list in ask("GET", path).json as? [[[String: Any]]] ?? [] {
            guard let entity = list.first?["entity_id"] as? String else { continue }
            times[entity] = list.compactMap { state in
                (state["last_updated"] as? String).flatMap { Timestamp(iso8601: $0) }?.microseconds
            }.sorted()
        }
        return times
    }

    private static func escaped(_ time: Timestamp) -> String { time.iso8601.replacing("+", with: "%2B") }
}
