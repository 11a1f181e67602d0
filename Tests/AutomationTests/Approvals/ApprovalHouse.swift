import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store
import TestSupport

@testable import Automation

/// A house in the database, a Home Assistant that takes calls of services, and a keeper between them.
final class ApprovalHouse: Sendable {
    static let workflow = "f0000000-0000-0000-0000-000000000001"
    static let approver = "00000000-0000-0000-0000-000000000002"

    /// A call of a service as it came.
    struct Call: Sendable, Equatable {
        let service: String
        let data: ConfigurationValue
    }

    private struct State {
        var calls: [Call] = []
        var refused: Set<String> = []
    }

    let database: DecisionDatabase
    let connection: ConnectionID
    let workplace: AutomationWorkplace
    private let state = LockedBox(State())

    private init(_ database: DecisionDatabase, _ connection: ConnectionID, _ timer: DeadlineTimer) {
        self.database = database
        self.connection = connection
        workplace = AutomationWorkplace(pool: database.pool, timer: timer, logger: TestDatabase.quietLogger)
    }

    var calls: [Call] { state.withLock(\.calls) }
    func calls(of service: String) -> [Call] { calls.filter { $0.service == service } }
    /// Refuses calls of these services from now on.
    func refuse(_ services: Set<String>) { state.withLock { $0.refused = services } }

    var port: CommandPort {
        CommandPort { [state] (fields, _) throws(CommandFailure) in
            guard let command = ConfigurationValue(json: "{\(fields)}"), command["type"]?.text == "call_service",
                let domain = command["domain"]?.text, let service = command["service"]?.text
            else { throw .refused(code: "invalid_format", message: "This is no call of a service.") }
            let call = Call(service: "\(domain).\(service)", data: command["service_data"] ?? .null)
            let isRefused = state.withLock { state in
                if state.refused.contains(call.service) { return true }
                state.calls.append(call)
                return false
            }
            if isRefused { throw .refused(code: "not_found", message: "Service \(call.service) not found.") }
            return CommandAnswer(frame: Array("null".utf8), result: 0..<4)
        }
    }

    /// What one session tells, to be called by hand.
    var desk: ApprovalDesk {
        let phones = ApprovalNotificationRepository(database.pool)
        return ApprovalDesk(
            connection: connection, port: port, workplace: workplace, phones: phones,
            waiting: SharedLook(age: .zero) { try await phones.connectionsToTell() }, pacing: ApprovalPacing(),
            logger: workplace.logger)
    }

    /// A house with a second person, who decides; unless `follows` is false, the keeper works in it while `body` runs.
    static func with(follows: Bool = true, _ body: (ApprovalHouse, ApprovalKeeper) async throws -> Void) async throws {
        try await DecisionDatabase.with { database, stored in
            try await database.session.execute(
                "INSERT INTO users (id, username, email) VALUES ('\(approver)', 'bob', 'bob@example.org')")
            let timer = DeadlineTimer()
            let house = ApprovalHouse(database, stored.id, timer)
            var pacing = ApprovalPacing()
            pacing.look = .milliseconds(20)
            let keeper = ApprovalKeeper(house.workplace, pacing: pacing)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await timer.run() }
                if follows { group.addTask { await keeper.follow(stored.id, over: house.port) } }
                defer { group.cancelAll() }
                try await body(house, keeper)
            }
        }
    }

    /// A proposal that bob decides.
    func propose(_ description: String = "Light in the morning", risk: String = "LOW", id: String = workflow)
        async throws
    {
        _ = try await database.session.query(
            """
            INSERT INTO approval_workflow
                (id, automation_id, workflow_type, risk_level, description, proposed_changes, created_by, expires_at)
            VALUES ($1, $2, 'MODIFICATION', $3, $4, '{"operation": "pause"}', $5, now() + interval '7 days')
            """,
            [
                .text(id), .text(DecisionDatabase.automation), .text(risk), .text(description),
                .text(DecisionDatabase.owner),
            ])
        _ = try await database.session.query(
            "INSERT INTO approval_workflow_approvers (workflow_id, approver_id) VALUES ($1, $2)",
            [.text(id), .text(Self.approver)])
    }

    /// Lets bob be told by phone.
    func namePhone(mayApproveHighRisk: Bool = false) async throws {
        guard let bob = UserID(Self.approver) else { return }
        try await ApprovalNotificationRepository(database.pool).set(
            NotificationTarget(
                connection: connection, user: bob, service: "mobile_app_bob", homeAssistantUser: "person-bob",
                mayApproveHighRisk: mayApproveHighRisk), by: nil, at: .now)
    }

    func status(of id: String = workflow) async throws -> String? {
        try await database.session.query("SELECT status FROM approval_workflow WHERE id = $1", [.text(id)]).first?
            .string("status")
    }
}
