import BridgeCore
import FoundationEssentials
import HummingbirdCore
import Store

/// The stops: of one house by whoever owns it, of every house by an administrator. Everybody sees those that hold for every house.
enum EmergencyEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let stops = EmergencyStopRepository(services.system, keys: services.auditKeys)
        endpoints.add(.get, "emergency", scope: .read) { call in
            let query = try call.query("limit", "cursor")
            let limit = try query.limit()
            let after = try query.lastID(as: StopID.self)
            let found = try await stops.page(
                of: try await Houses(call).ids, after: after?.uuid, limit: limit + 1)
            return try .json(
                Page(found, limit: limit, item: \.jsonValue, cursor: { PageCursor(after: StopID($0.id).description) })
                    .jsonValue)
        }
        endpoints.add(.post, "emergency", scope: .govern) { call in
            let body = try await call.body("connection", "reason")
            let connection = try body.connection()
            let reason = try body.requiredText("reason")
            try await call.requireSay(over: connection, "A stop for every house")
            let (stop, isNew) = try await call.deed {
                try await stops.engage(
                    connection, reason: reason, by: call.principal.user, from: call.origin, at: .now)
            }
            return try .json(stop.jsonValue, status: isNew ? .created : .ok)
        }
        endpoints.add(.post, "emergency/release", scope: .govern) { call in
            let body = try await call.body("connection", "reason")
            let connection = try body.connection()
            let reason = try body.requiredText("reason")
            try await call.requireSay(over: connection, "The stop for every house")
            let stop = try await call.deed {
                try await stops.release(
                    connection, reason: reason, by: call.principal.user, from: call.origin, at: .now)
            }
            return try .json(stop.jsonValue)
        }
    }

    /// A row of `automation_emergency_stop`.
    private struct StopID: TypedIdentifier {
        let uuid: UUID
        init(_ uuid: UUID) { self.uuid = uuid }
    }
}
