import BridgeCore
import PostgresClient

/// What the bridge writes about how connections fare. None of it sends a notification.
extension ConnectionRepository {
    /// Records how a connection fares; what is `nil` stays as it is in the row, and times never go back.
    ///
    /// The status of a paused or removed connection stays as the person left it, and a removed one takes nothing at all. With
    /// `claims`, the connection's lease must be held as claimed until the commit. Returns whether it took effect.
    @discardableResult
    package func recordStatus(
        _ id: ConnectionID, status: ConnectionStatus? = nil, health: String? = nil, version: String? = nil,
        features: [String]? = nil, isAdmin: Bool? = nil, timeZone: String? = nil, locationName: String? = nil,
        connectedAt: Timestamp? = nil, seenAt: Timestamp? = nil, under claims: LeaseClaims? = nil
    ) async throws -> Bool {
        try await change(
            """
            WITH known AS MATERIALIZED (
                SELECT id FROM home_assistant_connections WHERE id = $1 AND removed_at IS NULL FOR NO KEY UPDATE
            ), held AS MATERIALIZED (
                \(LeaseClaims.held(known: "known", first: 11))
            )
            UPDATE home_assistant_connections AS connection
            SET status = CASE WHEN paused_at IS NULL THEN coalesce($2, status) ELSE status END,
                connection_health = coalesce($3::jsonb, connection_health),
                home_assistant_version = coalesce($4, home_assistant_version),
                supported_features = coalesce($5::text[], supported_features),
                is_admin = coalesce($6::boolean, is_admin),
                time_zone = coalesce($7, time_zone),
                location_name = coalesce($8, location_name),
                last_connected_at = greatest($9::timestamptz, last_connected_at),
                last_seen_at = greatest($10::timestamptz, last_seen_at)
            FROM known
            WHERE connection.id = known.id AND ($11::uuid IS NULL OR known.id IN (SELECT id FROM held))
            """,
            [
                .id(id),
                status.map { .text($0.rawValue) } ?? .null,
                health.map { .json($0) } ?? .null,
                Self.text(version, limit: 50),
                features.map { .textArray($0.map { StorableText.fitting($0) }) } ?? .null,
                isAdmin.map { .bool($0) } ?? .null,
                Self.text(timeZone),
                Self.text(locationName),
                connectedAt.map { .timestamp($0) } ?? .null,
                seenAt.map { .timestamp($0) } ?? .null,
            ] + LeaseClaims.parameters(claims), name: "record_connection_status")
    }

    /// Records for many connections at once when Home Assistant was last heard; health that is `nil` stays as it is.
    /// With `claims`, only those take effect whose lease is held as claimed until the commit.
    ///
    /// Rows are locked in the order of their ids, so that two bridges on one database do not wait for each other in a circle.
    package func recordSeen(
        _ sightings: [(id: ConnectionID, seenAt: Timestamp, health: String?)], under claims: LeaseClaims? = nil
    ) async throws {
        guard !sightings.isEmpty else { return }
        _ = try await change(
            """
            WITH sighting AS (
                SELECT DISTINCT ON (id) id, seen_at, nullif(health, '')::jsonb AS health
                FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS sighting (id, seen_at, health)
                ORDER BY id, seen_at DESC
            ), locked AS (
                SELECT id
                FROM home_assistant_connections
                WHERE id = ANY($1::uuid[]) AND removed_at IS NULL
                ORDER BY id
                FOR NO KEY UPDATE
            ), held AS MATERIALIZED (
                \(LeaseClaims.held(known: "locked", first: 4))
            )
            UPDATE home_assistant_connections AS connection
            SET last_seen_at = greatest(sighting.seen_at, connection.last_seen_at),
                connection_health = coalesce(sighting.health, connection.connection_health)
            FROM locked
            JOIN sighting ON sighting.id = locked.id
            WHERE connection.id = locked.id AND ($4::uuid IS NULL OR locked.id IN (SELECT id FROM held))
            """,
            [
                .textArray(sightings.map(\.id.description)),
                .textArray(sightings.map(\.seenAt.iso8601)),
                .textArray(sightings.map { $0.health ?? "" }),
            ] + LeaseClaims.parameters(claims), name: "record_connections_seen")
    }

    private static func text(_ text: String?, limit: Int = .max) -> PostgresValue {
        text.map { .text(StorableText.fitting($0, limit: limit)) } ?? .null
    }
}
