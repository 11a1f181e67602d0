import BridgeCore
import PostgresClient

/// What a database's server and its login have for the bridge, as far as SQL tells.
package struct ServerPortrait: Sendable {
    /// `160014`.
    package let versionNumber: Int
    /// `16.14 (Debian 16.14-1)`.
    package let version: String
    /// The extension in this database.
    package let vectorVersion: String?
    /// Whether the extension could be made in it.
    package let offersVector: Bool
    /// `fsync` and `full_page_writes` are on.
    package let survivesPowerCuts: Bool
    /// `autovacuum` and `track_counts` are on.
    package let cleansUp: Bool
    /// A standby, or one that is set so.
    package let isReadOnly: Bool
    /// Sessions that may be opened besides those that are.
    package let freeSessions: Int
    package let isSuperuser: Bool
    /// Whether the login may act as the bridge; `nil` before there is such a role.
    package let mayWrite: Bool?
    /// The server's clock, read between the two moments of this machine's.
    package let time: Timestamp
    package let asked: Timestamp
    package let answered: Timestamp

    /// Asks the server. Throws `PostgresError`.
    package static func read(on session: PostgresConnection) async throws -> ServerPortrait {
        let asked = Timestamp.now
        let result = try await session.query(
            """
            SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS version,
                current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS survives,
                current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on' AS cleans,
                pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only,
                current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
                    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::integer AS free,
                (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector,
                EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS offers_vector,
                (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS is_super,
                (SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1) AS may_write,
                clock_timestamp() AS now
            """, [.text(DatabaseRole.writer.rawValue)], name: "server_portrait")
        let answered = Timestamp.now
        return try result.one { row throws(PostgresError) in
            try ServerPortrait(row, asked: asked, answered: answered)
        }
    }

    private init(_ row: PostgresRow, asked: Timestamp, answered: Timestamp) throws(PostgresError) {
        versionNumber = try row.int("number")
        version = try row.string("version")
        vectorVersion = try row.optionalString("vector")
        offersVector = try row.bool("offers_vector")
        survivesPowerCuts = try row.bool("survives")
        cleansUp = try row.bool("cleans")
        isReadOnly = try row.bool("is_read_only")
        freeSessions = try row.int("free")
        isSuperuser = try row.optionalBool("is_super") ?? false
        mayWrite = try row.optionalBool("may_write")
        time = try row.timestamp("now")
        self.asked = asked
        self.answered = answered
    }
}
