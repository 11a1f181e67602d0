import BridgeConcurrency
import BridgeCore
import Cryptography
import Foundation
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// A database with one connection, a keyring of its own, and a keeper.
struct InventoryRig: Sendable {
    let house = FakeAutomations()
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID
    let sealer: TokenSealer
    let timer = DeadlineTimer()

    var automations: AutomationRepository { AutomationRepository(pool) }
    var backups: BackupRepository { BackupRepository(pool) }

    static func with(_ body: @Sendable @escaping (InventoryRig) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "inventory-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let sealer = TokenSealer(keyring: try Keyring.create(path: directory.appending(path: "keyring").path))
        try await TestDatabase.withHouse { house in
            try await body(
                InventoryRig(pool: house.pool, session: house.session, connection: house.connection, sealer: sealer))
        }
    }

    static let quick: InventoryPacing = {
        var pacing = InventoryPacing()
        pacing.afterSignal = .milliseconds(20)
        pacing.betweenListings = .milliseconds(40)
        pacing.dwell = .milliseconds(300)
        pacing.betweenConfigurations = .zero
        pacing.retry = RetryPolicy(first: .milliseconds(20), cap: .milliseconds(50))
        return pacing
    }()

    func keeper(
        _ pacing: InventoryPacing = InventoryRig.quick, claims: (@Sendable (ConnectionID) -> LeaseClaims?)? = nil
    ) -> InventoryKeeper {
        InventoryKeeper(
            AutomationWorkplace(pool: pool, timer: timer, claims: claims, logger: TestDatabase.quietLogger),
            sealer: sealer, pacing: pacing)
    }

    /// Runs `body` while a keeper follows the house.
    func following(_ keeper: InventoryKeeper, _ body: @Sendable @escaping () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await timer.run() }
            group.addTask { await keeper.follow(connection, over: house.port) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    func state(_ id: String) async throws -> LifecycleState? {
        try await automations.list(connection: connection).first { $0.homeAssistantID == id }?.state
    }

    /// The reasons of all moves of an automation, in order.
    func history(_ id: String) async throws -> [String] {
        let rows = try await session.query(
            """
            SELECT coalesce(previous_state, '-') || ' ' || history.new_state || ': ' || change_reason AS line
            FROM automation_lifecycle_history AS history
            JOIN automation_management AS automation ON automation.id = history.automation_id
            WHERE home_assistant_automation_id = $1 ORDER BY sequence
            """, [.text(id)])
        return try rows.map { try $0.string("line") }
    }

    func versions(_ id: String) async throws -> [StoredBackup] {
        guard let found = try await automations.list(connection: connection).first(where: { $0.homeAssistantID == id })
        else { return [] }
        return try await backups.list(of: found.id)
    }

    /// Stores the event of a state as the stream would have.
    func storeState(_ entity: String, _ state: String?, _ attributes: String) async throws {
        _ = try await session.query(
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp)
            VALUES ($1, 'state_changed', $2, $3, $4::jsonb, clock_timestamp())
            """, [.id(connection), .text(entity), .optional(state) { .text($0) }, .json(attributes)])
    }
}
