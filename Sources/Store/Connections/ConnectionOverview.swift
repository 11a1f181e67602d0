import BridgeCore
import PostgresClient

/// How a connection fares at a glance: rows of which each costs a few probes of an index.
package struct ConnectionOverview: Sendable, Equatable {
    package let id: ConnectionID
    package let name: String
    package let url: String
    package let username: String
    package let status: ConnectionStatus
    package let isPaused: Bool
    package let homeAssistantVersion: String?
    package let locationName: String?
    package let timeZone: String?
    package let lastConnectedAt: Timestamp?
    package let lastSeenAt: Timestamp?
    /// Home Assistant's time of the newest event stored.
    package let lastEventAt: Timestamp?
    /// How long that event took from Home Assistant to its row, in seconds.
    package let lagSeconds: Double?
    /// Up to when everything that Home Assistant sent is stored; `nil` before the first sight.
    package let storedUntil: Timestamp?
    /// The newest value of each metric, none older than ten minutes.
    package let latencyMS: Double?
    package let uptimePercent: Double?
    package let errorRatePercent: Double?
    package let eventsPerSecond: Double?
    /// The name of the bridge that speaks for it; `nil` where none does.
    package let bridge: String?
}

extension ConnectionOverview {
    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        name = try row.string("name")
        url = try row.string("url")
        username = try row.string("username")
        status = try row.enumeration("status")
        isPaused = try row.bool("is_paused")
        homeAssistantVersion = try row.optionalString("home_assistant_version")
        locationName = try row.optionalString("location_name")
        timeZone = try row.optionalString("time_zone")
        lastConnectedAt = try row.optionalTimestamp("last_connected_at")
        lastSeenAt = try row.optionalTimestamp("last_seen_at")
        lastEventAt = try row.optionalTimestamp("last_event_at")
        lagSeconds = try row.optionalDouble("lag")
        storedUntil = try row.optionalTimestamp("seen_until")
        latencyMS = try row.optionalDouble("latency")
        uptimePercent = try row.optionalDouble("uptime")
        errorRatePercent = try row.optionalDouble("error_rate")
        eventsPerSecond = try row.optionalDouble("event_rate")
        bridge = try row.optionalString("bridge")
    }
}

extension ConnectionRepository {
    /// The overview of each connection that the session sees, by name; one alone where `id` is given.
    ///
    /// Not made of `home_assistant_connection_overview`, which counts dead letters one by one.
    package func overview(id: ConnectionID? = nil) async throws -> [ConnectionOverview] {
        try await pool.withConnection { session in
            try await session.query(Self.overviewSQL, [.optional(id) { .id($0) }], name: "connection_overview")
                .map(ConnectionOverview.init(row:))
        }
    }

    private static let overviewSQL = """
        SELECT
            connection.id, connection.name, connection.url, coalesce(owner.username, '') AS username, connection.status,
            connection.paused_at IS NOT NULL AS is_paused, connection.home_assistant_version, connection.location_name,
            connection.time_zone, connection.last_connected_at, connection.last_seen_at,
            newest.timestamp AS last_event_at,
            greatest(extract(epoch FROM newest.created_at - newest.timestamp)::double precision, 0) AS lag, mark.seen_until, metric.latency, metric.uptime, metric.error_rate,
            metric.event_rate, CASE WHEN lease.expires_at > clock_timestamp() THEN lease.holder_name END AS bridge
        FROM home_assistant_connections AS connection
        -- Of a house that somebody shares, a reader does not see the owner.
        LEFT JOIN users AS owner ON owner.id = connection.user_id
        LEFT JOIN home_assistant_connection_leases AS lease ON lease.connection_id = connection.id
        LEFT JOIN home_assistant_connection_watermarks AS mark ON mark.connection_id = connection.id
        LEFT JOIN LATERAL (
            SELECT event.timestamp, event.created_at
            FROM home_assistant_events AS event
            WHERE \(HouseOrder.rows(of: "connection.id"))
            ORDER BY \(HouseOrder.newestFirst) LIMIT 1
        ) AS newest ON true
        LEFT JOIN LATERAL (
            SELECT
                max(sample.metric_value) FILTER (WHERE sample.metric_type = 'latency') AS latency,
                max(sample.metric_value) FILTER (WHERE sample.metric_type = 'uptime') AS uptime,
                max(sample.metric_value) FILTER (WHERE sample.metric_type = 'error_rate') AS error_rate,
                max(sample.metric_value) FILTER (WHERE sample.metric_type = 'event_rate') AS event_rate
            FROM (
                SELECT DISTINCT ON (stored.metric_type) stored.metric_type, stored.metric_value
                FROM home_assistant_connection_metrics AS stored
                WHERE stored.connection_id = connection.id
                    AND stored.metric_type IN ('latency', 'uptime', 'error_rate', 'event_rate')
                    AND stored.timestamp > now() - interval '10 minutes'
                ORDER BY stored.metric_type, stored.timestamp DESC
            ) AS sample
        ) AS metric ON true
        WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR connection.id = $1::uuid)
        ORDER BY connection.name, owner.username, connection.created_at, connection.id
        """
}
