import BridgeConcurrency
import BridgeCore
import Cryptography
import FoundationEssentials
import HummingbirdCore
import Store

/// The signed trail of what was done, and its proof.
enum AuditEndpoints {
    /// More rows than this take too long to verify while somebody waits.
    static let rowLimit = 200_000
    private static let patience: Duration = .seconds(30)

    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let checkpoints = services.checkpoints
        let system = services.system
        endpoints.add(.get, "audit", scope: .read) { call in
            let query = try call.query("table", "connection", "limit", "cursor")
            let limit = try query.limit()
            let table: AuditTable? = try query.word("table")
            let connection: ConnectionID? = try query.id("connection")
            let cursor = try query.cursor()
            let after = try cursor.map(place)
            let overview = AuditOverview(call.reader)
            let rows = try await overview.rows(
                table: table, connection: connection, after: after, limit: limit + 1)
            let names = try await UserRepository(system).names(of: Set(rows.compactMap(\.user)))
            let page = Page(
                rows, limit: limit, item: { $0.jsonValue(names: names) },
                cursor: { PageCursor(after: $0.time.iso8601, $0.id.uuidString.lowercased()) })
            // They are the same for every page.
            let heads = cursor == nil ? try await overview.heads() : []
            let newest = cursor == nil ? try? checkpoints?.newest() : nil
            return try .json(
                page.jsonValue.adding([
                    "chains": .array(heads.map(\.jsonValue)),
                    "last_checkpoint": newest.map { document($0, heads) } ?? .null,
                ]))
        }
        let isBusy = LockedBox(false)
        endpoints.add(.post, "audit/verify", scope: .govern) { call in
            let body = try await call.body("connection")
            let connection = try body.connection()
            if let connection { try await call.requireSay(over: connection, "") }
            guard let keys = services.auditKeys else {
                throw Problem(
                    409, "no_signing_key", "This bridge has no keyring, so that there is nothing to verify with.")
            }
            // It reads much: one at a time.
            guard isBusy.withLock({ busy in !exchange(&busy, with: true) }) else {
                throw Problem(
                    409, "busy", "Somebody has the trail verified at this moment. Try again soon.", retryAfter: 10)
            }
            defer { isBusy.withLock { $0 = false } }
            var connections = connection.map { [$0] }
            if connections == nil, call.principal.role != .admin { connections = try await Houses(call).ids }
            let chosen = connections
            let report = try await call.deed {
                let known = try? checkpoints?.read().checkpoints
                return try await limited {
                    try await AuditVerifier(system, keys: keys.verifier)
                        .verify(connections: chosen, against: known ?? [], rowLimit: rowLimit)
                }
            }
            return try .json(report.jsonValue)
        }
    }

    private static func exchange(_ value: inout Bool, with new: Bool) -> Bool {
        defer { value = new }
        return value
    }

    private static func place(_ cursor: PageCursor) throws(Problem) -> (time: Timestamp, id: UUID) {
        let parts = try cursor.parts(2)
        guard let time = Timestamp(iso8601: parts[0]), let id = UUID(uuidString: parts[1]) else {
            throw PageCursor.foreign
        }
        return (time, id)
    }

    /// The checkpoint as far as it is about the chains that are seen.
    private static func document(_ checkpoint: AuditCheckpoint, _ heads: [AuditChainHead]) -> JSONValue {
        let seen = Set(heads.map(\.chain))
        return .object([
            "created_at": .time(checkpoint.createdAt), "complete": .bool(checkpoint.isComplete),
            "key_id": .string(checkpoint.keyID),
            "chains": .array(
                checkpoint.positions.filter { seen.contains($0.chain) }.map { chain, position in
                    .object([
                        "table": .string(chain.table.rawValue),
                        "connection_id": .optional(chain.connection?.description),
                        "sequence": .integer(position.sequence), "digest": .string(position.digest),
                    ])
                }),
        ])
    }

    /// Runs `body`, and gives it up where it takes too long.
    private static func limited(_ body: @escaping @Sendable () async throws -> AuditReport) async throws -> AuditReport
    {
        try await withThrowingTaskGroup(of: AuditReport?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let report = first else {
                throw Problem(
                    503, "too_slow", "That took too long. Verify one connection alone, or run: ha-bridge audit verify",
                    retryAfter: 60)
            }
            return report
        }
    }
}
