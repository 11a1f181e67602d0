import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// What a house and its phones are told of proposals, and what their answers do.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ApprovalKeeperTests {
    private static let create = "persistent_notification.create"
    private static let dismiss = "persistent_notification.dismiss"
    private static let phone = "notify.mobile_app_bob"

    /// The buttons of a notification by their titles.
    private func buttons(_ call: ApprovalHouse.Call) -> [String: String] {
        guard case .array(let actions)? = call.data["data"]?["actions"] else { return [:] }
        return actions.reduce(into: [:]) { buttons, action in
            if let title = action["title"]?.text { buttons[title] = action["action"]?.text }
        }
    }

    @Test func whatWaitsIsShownOnceAndTakenBack() async throws {
        try await ApprovalHouse.with { house, _ in
            try await house.propose("Open [the door](http://evil.example) token=abcdefgh12345678")
            try await eventually { !house.calls(of: Self.create).isEmpty }
            let text = try #require(house.calls(of: Self.create).first?.data["message"]?.text)
            #expect(text.contains("f0000000") && text.contains("low risk"), "\(text)")
            #expect(!text.contains("](http") && !text.contains("abcdefgh12345678"), "\(text)")
            try await house.propose("Second", id: "f0000000-0000-0000-0000-000000000002")
            try await eventually { house.calls(of: Self.create).count == 2 }
            #expect(house.calls(of: Self.create).last?.data["title"]?.text == "2 changes wait for your decision")
            try await house.database.session.execute("UPDATE approval_workflow SET status = 'CANCELLED'")
            try await eventually { house.calls(of: Self.dismiss).count == 1 }
            #expect(house.calls.count == 3)
        }
    }

    @Test func aPhoneDecidesByTheRightPersonOnce() async throws {
        try await ApprovalHouse.with { house, keeper in
            try await house.namePhone()
            try await house.propose()
            try await eventually { house.calls(of: Self.phone).count == 1 }
            let action = try #require(buttons(house.calls(of: Self.phone)[0])["Approve"])
            func answer(_ person: String?, _ action: String) {
                keeper.receive(
                    .notificationAnswered(action: action, userID: person, reply: nil), of: house.connection)
            }
            // Nobody, somebody else, another token; then the right one twice.
            answer(nil, action)
            answer("person-anna", action)
            answer("person-bob", String(action.dropLast(4)) + "0000")
            answer("person-bob", action)
            answer("person-bob", action)
            try await eventually { try await house.status() == "APPROVED" }
            #expect(try await house.database.count("automation_audit_trail") == 2)
            // It is taken back from the phone.
            try await eventually { house.calls(of: Self.phone).count == 2 }
            #expect(house.calls(of: Self.phone).last?.data["message"]?.text == "clear_notification")
            let votes = try await house.database.count(
                "approval_workflow_approvers WHERE status = 'APPROVED' AND approver_id = '\(ApprovalHouse.approver)'")
            #expect(votes == 1)
        }
    }

    @Test func theTokenIsInNoTableOfOurs() async throws {
        try await ApprovalHouse.with { house, _ in
            try await house.namePhone()
            try await house.propose()
            try await eventually { house.calls(of: Self.phone).count == 1 }
            let action = try #require(buttons(house.calls(of: Self.phone)[0])["Approve"])
            let token = String(action.suffix(64))
            let found = try await house.database.count(
                "approval_notification AS sent WHERE to_jsonb(sent)::text LIKE '%\(token)%'")
            #expect(found == 0)
            #expect(try await house.database.count("approval_notification WHERE octet_length(token_digest) = 32") == 1)
        }
    }

    @Test func highRiskHasNoApprovalOnThePhone() async throws {
        try await ApprovalHouse.with { house, keeper in
            try await house.namePhone()
            try await house.propose(risk: "HIGH")
            try await eventually { house.calls(of: Self.phone).count == 1 }
            let buttons = buttons(house.calls(of: Self.phone)[0])
            #expect(buttons.keys.sorted() == ["Reject"])
            // A forged button is refused, and the true one still works.
            let forged = try #require(buttons["Reject"]).replacing("_reject_", with: "_approve_")
            keeper.receive(
                .notificationAnswered(action: forged, userID: "person-bob", reply: nil), of: house.connection)
            keeper.receive(
                .notificationAnswered(action: try #require(buttons["Reject"]), userID: "person-bob", reply: "No."),
                of: house.connection)
            try await eventually { try await house.status() == "REJECTED" }
            #expect(try await house.database.count("approval_workflow WHERE rejection_reason = 'No.'") == 1)
        }
    }

    @Test func nothingIsToldUnderAnEmergencyStop() async throws {
        try await ApprovalHouse.with(follows: false) { house, _ in
            let stops = EmergencyStopRepository(house.database.pool)
            _ = try await stops.engage(nil, reason: "Smoke", by: nil, at: .now)
            try await house.namePhone()
            try await house.propose()
            var desk = house.desk
            for _ in 1...3 { await desk.tell() }
            #expect(house.calls.isEmpty)
            #expect(try await house.database.count("approval_notification") == 0)
            _ = try await stops.release(nil, reason: "Toast", by: nil, at: .now)
            for _ in 1...3 { await desk.tell() }
            #expect(house.calls.map(\.service) == [Self.create, Self.phone])
        }
    }

    @Test func aPhoneThatIsGoneDoesNotKeepTheHouseFromBeingTold() async throws {
        try await ApprovalHouse.with { house, _ in
            house.refuse([Self.phone])
            try await house.namePhone()
            try await house.propose()
            try await eventually { try await house.database.count("approval_notification") == 1 }
            // The house is told before the phones, but a look that began before the proposal tells the phone alone.
            try await eventually { house.calls(of: Self.create).count == 1 }
            try await house.database.session.execute("UPDATE approval_workflow SET status = 'CANCELLED'")
            try await eventually { house.calls(of: Self.dismiss).count == 1 }
            #expect(house.calls(of: Self.phone).isEmpty)
        }
    }

    @Test func aHouseWithoutProposalsIsLeftAlone() async throws {
        try await ApprovalHouse.with { house, keeper in
            keeper.receive(.reloaded, of: house.connection)
            keeper.receive(.notificationAnswered(action: "ha_bridge_x", userID: nil, reply: nil), of: house.connection)
            // A proposal after some looks shows that there were some.
            try await house.propose()
            try await eventually { !house.calls.isEmpty }
            #expect(house.calls.map(\.service) == [Self.create])
        }
    }

    @Test func healthAndMetricsTellWhatWaitsAndWhatIsStopped() async throws {
        try await ApprovalHouse.with { house, _ in
            let health = HealthRegistry(version: "1", live: [:], ready: [])
            let metrics = MetricsRegistry()
            let watch = GovernanceWatch(house.workplace, health: health, metrics: metrics)
            try await watch.round()
            #expect(health.snapshot().status == .ok)
            try await house.propose()
            let stops = EmergencyStopRepository(house.database.pool)
            _ = try await stops.engage(house.connection, reason: "Smoke", by: nil, at: .now)
            try await watch.round()
            let snapshot = health.snapshot()
            #expect(snapshot.status == .degraded)
            #expect(snapshot.reasons.contains { $0.contains("emergency stop holds for home") }, "\(snapshot.reasons)")
            #expect(snapshot.figures["approvals_waiting"] == 1 && snapshot.figures["emergency_stops"] == 1)
            #expect(
                metrics.gauge("ha_bridge_approvals_waiting", "Proposals that wait for a decision, in all houses.").value
                    == 1)
            _ = try await stops.release(house.connection, reason: "Toast", by: nil, at: .now)
            try await watch.round()
            #expect(health.snapshot().status == .ok)
        }
    }
}
