import BridgeConcurrency
import BridgeCore
import Cryptography
import Foundation
import HomeAssistantClient
import Logging
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// A database with one house, its owner `ann` and an approver `bob`.
struct ChangeRig: Sendable {
    let house = PaperHouse()
    let server: TestDatabase
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID
    let ann: UserID
    let bob: UserID
    let tokens: TokenSealer
    let keys: AuditKeys
    let timer = DeadlineTimer()

    /// Says what the keepers log where `HA_BRIDGE_TEST_LOG` is set.
    static let logger: Logger = {
        guard ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_LOG"] != nil else { return TestDatabase.quietLogger }
        var logger = Logger(label: "changes") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        return logger
    }()

    var sealer: ConfigurationSealer { ConfigurationSealer(tokens) }
    var operations: OperationRepository { OperationRepository(pool, keys: keys) }
    var automations: AutomationRepository { AutomationRepository(pool) }
    var backups: BackupRepository { BackupRepository(pool) }

    static let quick: ChangePacing = {
        var pacing = ChangePacing()
        pacing.look = .milliseconds(40)
        pacing.reload = .milliseconds(150)
        pacing.settle = .milliseconds(150)
        pacing.betweenLooks = .milliseconds(10)
        pacing.watch = .milliseconds(150)
        pacing.betweenWatches = .milliseconds(15)
        pacing.retry = RetryPolicy(first: .milliseconds(5), cap: .milliseconds(20))
        pacing.attempts = 8
        pacing.hold = .milliseconds(200)
        return pacing
    }()

    static func with(_ body: @Sendable @escaping (ChangeRig) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "changes-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let keyring = try Keyring.create(path: directory.appending(path: "keyring").path)
        try await TestDatabase.withSchema { server in
            let pool = PostgresPool(server.configuration.taking(.writer), size: 6, logger: server.logger)
            let session = try await server.connect()
            do {
                let users = UserRepository(pool)
                let ann = try await users.add(username: "ann", email: "ann@example.org")
                let bob = try await users.add(username: "bob", email: "bob@example.org")
                // The tests change more in a minute than a person in a week.
                try await session.execute(
                    """
                    INSERT INTO user_safety_configuration (user_id, max_automations_per_day, max_automations_per_week)
                    SELECT id, 10000, 10000 FROM users
                    """)
                let id = ConnectionID()
                _ = try await ConnectionRepository(pool).add(
                    id: id, userID: ann.id, name: "home", url: "http://home.local:8123", sealedToken: "v1.k1.n.c.t")
                let rig = ChangeRig(
                    server: server, pool: pool, session: session, connection: id, ann: ann.id, bob: bob.id,
                    tokens: TokenSealer(keyring: keyring), keys: AuditKeys(keyring))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await rig.timer.run() }
                    defer { group.cancelAll() }
                    try await body(rig)
                }
            } catch {
                await session.close()
                await pool.close()
                throw error
            }
            await session.close()
            await pool.close()
        }
    }

    func keeper(_ pacing: ChangePacing = ChangeRig.quick) -> ChangeKeeper {
        ChangeKeeper(
            AutomationWorkplace(pool: pool, timer: timer, auditKeys: keys, logger: Self.logger),
            sealer: tokens, pacing: pacing)
    }

    /// Runs `body` while so many keepers follow the house.
    func keeping(
        keepers: Int = 1, _ pacing: ChangePacing = ChangeRig.quick,
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<keepers {
                let keeper = keeper(pacing)
                house.onReload { keeper.receive($0, of: connection) }
                group.addTask { await keeper.follow(connection, house: house.port) }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }

    // MARK: What is there to begin with

    static func json(_ id: String, _ alias: String, light: String = "light.hall") -> String {
        #"{"id":"\#(id)","alias":"\#(alias)","triggers":[{"trigger":"event","event_type":"x"}],"conditions":[],"actions":[{"action":"light.turn_on","target":{"entity_id":"\#(light)"}}],"mode":"single"}"#
    }

    /// An automation of the house that is stored as well.
    @discardableResult
    func add(
        _ id: String, state: String = "ACTIVE", alias: String? = nil, isOn: Bool = true, isInHouse: Bool = true
    ) async throws -> AutomationID {
        let row = AutomationID()
        _ = try await session.query(
            """
            INSERT INTO automation_management (
                id, connection_id, home_assistant_automation_id, entity_id, name, lifecycle_state, is_enabled)
            VALUES ($1, $2, $3::text, 'automation.' || $3::text, $3::text, $4, $5)
            """, [.id(row), .id(connection), .text(id), .text(state), .bool(isOn)])
        if isInHouse { house.put(Self.json(id, alias ?? "Old \(id)"), isOn: isOn) }
        return row
    }

    /// An automation that is proposed and waits for its approval.
    func addProposed(_ id: String) async throws -> AutomationID {
        let row = try await add(id, state: "PROPOSED", isInHouse: false)
        _ = try await session.query(
            "SELECT automation_change_lifecycle($1, 'PENDING_APPROVAL', 'It is valid.')", [.id(row)])
        return row
    }

    /// Proposes a change of an automation, and has bob approve it unless `isApproved` is false.
    @discardableResult
    func propose(
        _ operation: ProposedChange.Operation, _ id: String, of row: AutomationID, alias: String = "New",
        configuration: String? = nil, isApproved: Bool = true
    ) async throws -> WorkflowID {
        var snapshot: ConfigurationValue?
        var sealed: SealedConfiguration?
        var base: [UInt8]?
        let salted = try await backups.newest(of: [row])[row]?.sealedSecrets
        if operation == .create || operation == .modify {
            let value = try #require(ConfigurationValue(json: configuration ?? Self.json(id, alias)))
            let made = try sealer.seal(
                ConfigurationSpelling.normalised(value), of: row, connection: connection)
            sealed = made
            snapshot = made.snapshot
        }
        if operation != .create, let found = house.configuration(id) {
            base = try sealer.seal(found, of: row, connection: connection, previous: salted).digest
        }
        let change = ProposedChange(operation, homeAssistantID: id, configuration: snapshot)
        let workflow = WorkflowID()
        let type: WorkflowType =
            operation == .create ? .creation : operation == .retire ? .retirement : .modification
        _ = try await session.query(
            """
            INSERT INTO approval_workflow (
                id, connection_id, automation_id, workflow_type, description, proposed_changes, sealed_secrets, base_digest,
                created_by, expires_at)
            VALUES ($1, $2, $3, $4, 'A change', $5, $6, $7, $8, now() + interval '1 day')
            """,
            [
                .id(workflow), .id(connection), .id(row), .text(type.rawValue), .json(change.json),
                .optional(sealed?.sealedSecrets) { .text($0) }, .optional(base) { .bytes($0) }, .id(ann),
            ])
        if isApproved { try await approve(workflow) }
        return workflow
    }

    func approve(_ workflow: WorkflowID) async throws {
        _ = try await session.query(
            """
            INSERT INTO approval_workflow_approvers (connection_id, workflow_id, approver_id, status)
            VALUES ($1, $2, $3, 'APPROVED')
            """, [.id(connection), .id(workflow), .id(bob)])
    }

    /// Asks for a rollback as a person would.
    @discardableResult
    func rollBack(_ row: AutomationID, to version: Int, isEmergency: Bool = false) async throws -> StoredOperation {
        let automation = try #require(try await automations.find(id: row))
        let target = try await backups.find(version, of: row)
        return try await operations.ask(
            RollbackRequest(automation, to: target, because: "It flickers.", isEmergency: isEmergency, by: ann),
            audit: AutomationAuditEntry(
                connectionID: connection, automationID: row, action: .rollback, description: "Asked for.",
                userID: ann, timestamp: .now))
    }

    func stop() async throws {
        _ = try await session.query("INSERT INTO automation_emergency_stop (reason) VALUES ('Smoke')")
    }

    func release() async throws {
        _ = try await session.query(
            "UPDATE automation_emergency_stop SET released_at = clock_timestamp() WHERE released_at IS NULL")
    }

    // MARK: What came of it

    /// The newest operation on an automation.
    func newest(_ row: AutomationID, _ kind: OperationKind? = nil) async throws -> StoredOperation? {
        try await operations.list(of: row).first { kind == nil || $0.kind == kind }
    }

    /// Waits until so many operations of that kind, and whatever else began on an automation, have ended, and returns the newest.
    func ended(
        _ row: AutomationID, _ kind: OperationKind = .apply, count: Int = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> StoredOperation {
        try await eventually(
            {
                let all = try await operations.list(of: row)
                return all.count { $0.kind == kind } >= count && all.allSatisfy { $0.status != .inProgress }
            }, sourceLocation: sourceLocation)
        return try #require(try await newest(row, kind), sourceLocation: sourceLocation)
    }

    func lifecycle(_ row: AutomationID) async throws -> LifecycleState? { try await automations.find(id: row)?.state }

    /// The actions of an automation's audit rows, the oldest first.
    func audit(_ row: AutomationID) async throws -> [AutomationAuditEntry] {
        try await AutomationAuditRepository(pool).recent(automation: row, limit: 1_000).reversed()
    }

    func column(_ sql: String) async throws -> [String] {
        try await session.query(sql).map { row in try row[0].string }
    }
}
