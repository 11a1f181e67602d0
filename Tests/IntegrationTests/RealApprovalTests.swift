import Foundation
import TestSupport
import Testing

/// Proposals shown in a real Home Assistant, and an answer that comes over its event stream.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized)
struct RealApprovalTests {
    private static let workflow = "f3a90000-0000-0000-0000-000000000001"
    private static let token = String(repeating: "5a", count: 32)

    /// The answer of a button, as Home Assistant's app sends it on.
    private static func answer(_ word: String, _ token: String) -> String {
        #"{"action":"ha_bridge_\#(word)_\#(workflow.replacing("-", with: ""))_\#(token)"}"#
    }

    @Test func showsWhatWaitsAndTakesTheAnswerOfTheRightPerson() async throws {
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            let process = try rig.start()
            let isConnected = try await rig.eventually(within: .seconds(60)) { try await rig.status() == "connected" }
            try #require(isConnected, "\(process.log)")
            try await propose(rig)

            // Home Assistant tells of the call, and by whom it was made: the user whom the token belongs to.
            let created = Self.calls(of: "create") + " AND attributes::text LIKE '%f3a90000%'"
            let isShown = try await rig.eventually(within: .seconds(30)) {
                try await rig.count("SELECT count(*) \(created)") >= 1
            }
            try #require(isShown, "\(process.log)")
            let person = try #require(try await rig.value("SELECT context_user_id \(created) LIMIT 1"))
            let page = rig.page("/metrics").body
            #expect(page.contains("ha_bridge_approvals_waiting 1"), "\(page)")

            try await namePhone(rig, person)
            // Another token does not count.
            let wrong = Self.answer("approve", String(repeating: "00", count: 32))
            #expect(house.ask("POST", "/api/events/mobile_app_notification_action", wrong).status == 200)
            let right = Self.answer("approve", Self.token)
            #expect(house.ask("POST", "/api/events/mobile_app_notification_action", right).status == 200)
            let isApproved = try await rig.eventually(within: .seconds(30)) {
                try await rig.value("SELECT status FROM approval_workflow") == "APPROVED"
            }
            #expect(isApproved, "\(process.log)")
            #expect(process.log.contains("unknown_token"), "\(process.log)")
            #expect(
                try await rig.count("SELECT count(*) FROM automation_audit_trail WHERE action_type = 'APPROVE'") == 1)
            let isGone = try await rig.eventually(within: .seconds(30)) {
                try await rig.count("SELECT count(*) \(Self.calls(of: "dismiss"))") >= 1
            }
            #expect(isGone, "\(process.log)")

            // Under a stop health says why nothing is changed.
            let stop = try await rig.bridge("emergency", "stop", "--reason", "Smoke")
            #expect(stop.status == 0, "\(stop.errors)")
            let isDegraded = try await rig.eventually(within: .seconds(30)) {
                rig.page("/healthz").body.contains("An emergency stop holds for every house")
            }
            #expect(isDegraded)
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }

    /// Calls of a service of our notification, as Home Assistant's events tell them.
    private static func calls(of service: String) -> String {
        """
        FROM home_assistant_events WHERE event_type = 'call_service' AND attributes ->> 'domain' = 'persistent_notification'
            AND attributes ->> 'service' = '\(service)' AND attributes::text LIKE '%ha_bridge_approvals%'
        """
    }

    private func propose(_ rig: ProcessRig) async throws {
        for statement in [
            """
            INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name, lifecycle_state)
            SELECT 'a0000000-0000-0000-0000-000000000001', id, 'proposed_only', 'Proposed only', 'PROPOSED'
            FROM home_assistant_connections
            """,
            """
            INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes)
            VALUES ('\(Self.workflow)', 'a0000000-0000-0000-0000-000000000001', 'CREATION', 'A light at night',
                '{"operation": "none"}')
            """,
            """
            INSERT INTO approval_workflow_approvers (workflow_id, approver_id) SELECT '\(Self.workflow)', id FROM users
            """,
        ] { try await rig.session.execute(statement) }
    }

    /// As though a notification had been sent to anna's phone.
    private func namePhone(_ rig: ProcessRig, _ person: String) async throws {
        try await rig.session.execute(
            """
            INSERT INTO approval_notification (connection_id, workflow_id, user_id, token_digest, sent_at)
            SELECT connection_id, id, (SELECT id FROM users), sha256(convert_to('\(Self.token)', 'UTF8')), now()
            FROM approval_workflow
            """)
        let named = try await rig.bridge(
            "approval", "notify", "home", "--user", "anna", "--service", "mobile_app_nowhere", "--home-assistant-user",
            person)
        try #require(named.status == 0, "\(named.errors)")
    }
}
