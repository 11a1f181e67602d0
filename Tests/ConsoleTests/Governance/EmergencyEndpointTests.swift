import BridgeCore
import TestSupport
import Testing

@testable import Console

@Suite("Emergency stops in the console", .enabled(if: TestDatabase.isAvailable))
struct EmergencyEndpointTests {
    @Test("A house is stopped by whoever owns it, every house by an administrator")
    func engage() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            let cabin = #"{"connection":"\#(governed.house.cabin)","reason":"Smoke"}"#
            let home = #"{"connection":"\#(governed.house.home)","reason":"Smoke"}"#
            let every = #"{"connection":null,"reason":"Smoke"}"#
            #expect(try await governed.post("emergency", as: governed.carl, body: every).status == 403)
            #expect(try await governed.post("emergency", as: governed.bert, body: every).status == 403)
            #expect(try await governed.post("emergency", as: governed.bert, body: home).status == 404)
            #expect(try await governed.post("emergency", as: governed.bert, body: #"{"reason":" "}"#).status == 400)
            let stop = try await governed.post("emergency", as: governed.bert, body: cabin)
            #expect(stop.status == 201, "\(stop.body)")
            #expect(stop["is_engaged"] == .bool(true))
            #expect(stop["engaged_by"] == .string("bert"))
            #expect(try await governed.post("emergency", as: governed.bert, body: cabin).status == 200)
            #expect(try await governed.post("emergency", as: governed.anna, body: every).status == 201)

            // The stop for every house holds for Bert's, too: he sees it, and who engaged it.
            let seen = try await governed.get("emergency", as: governed.bert)
            #expect(seen.count == 2)
            #expect(seen["items.0.engaged_by"] == .string("anna"))
            #expect(seen["items.0.connection_id"] == .null)
            #expect(try await governed.post("emergency", as: governed.anna, body: home).status == 201)
            #expect(try await governed.get("emergency", as: governed.bert).count == 2)
            #expect(try await governed.get("emergency", as: governed.carl).count == 1)
            #expect(try await governed.get("emergency", as: governed.anna).count == 3)
            let rows = try await governed.column(
                """
                SELECT concat_ws(' ', host(ip_address), session_id, action_description) AS value FROM automation_audit_trail
                WHERE action_type = 'EMERGENCY_STOP' ORDER BY timestamp LIMIT 1
                """)
            #expect(rows == ["127.0.0.1 session:bert Stopped all writes to cabin in the console: Smoke"])
        }
    }

    @Test("A stop is released by those who may, and stays in the list")
    func release() async throws {
        try await GovernedHouse.with { governed in
            let cabin = #"{"connection":"\#(governed.house.cabin)","reason":"Toast"}"#
            let every = #"{"reason":"Toast"}"#
            let nothing = try await governed.post("emergency/release", as: governed.bert, body: cabin)
            #expect(nothing.status == 404)
            #expect(try await governed.get("emergency", as: governed.bert).count == 0)
            _ = try await governed.post("emergency", as: governed.bert, body: cabin)
            _ = try await governed.post("emergency", as: governed.anna, body: every)
            #expect(try await governed.post("emergency/release", as: governed.bert, body: every).status == 403)
            #expect(try await governed.post("emergency/release", as: governed.carl, body: cabin).status == 403)
            let released = try await governed.post("emergency/release", as: governed.bert, body: cabin)
            #expect(released.status == 200)
            #expect(released["is_engaged"] == .bool(false))
            #expect(released["released_by"] == .string("bert"))
            // What holds comes first.
            let list = try await governed.get("emergency", as: governed.bert)
            #expect(list["items.0.is_engaged"] == .bool(true))
            #expect(list["items.1.is_engaged"] == .bool(false))
            _ = try await governed.post("emergency/release", as: governed.anna, body: every)
            let (ids, pages) = try await governed.pages(of: "emergency", limit: 1, as: governed.anna)
            #expect(Set(ids).count == 2)
            #expect(pages == 2)
        }
    }
}
