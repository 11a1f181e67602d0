import PostgresClient

/// The statements of a round of embedding.
enum EmbeddingSQL {
    /// The lock of a key: the first half of its bytes, which are those of a hash.
    private static let lock =
        "pg_try_advisory_lock(('x' || encode(substr(embedding_key, 1, 8), 'hex'))::bit(64)::bigint)"

    private static let connections = "(SELECT id FROM home_assistant_connections WHERE removed_at IS NULL)"

    /// The newest of the rows that wait, newest first, as far as their keys could be locked. $1 rows, $2 keys.
    static let claimPending = """
        WITH newest AS MATERIALIZED (
            SELECT id, timestamp, connection_id, embedding_key
            FROM home_assistant_events
            WHERE embedding_key IS NOT NULL AND exemplar_id IS NULL AND connection_id = ANY (ARRAY\(connections))
            ORDER BY timestamp DESC
            LIMIT $1::bigint
        ),
        keys AS MATERIALIZED (
            SELECT connection_id, embedding_key FROM newest
            GROUP BY connection_id, embedding_key ORDER BY max(timestamp) DESC
        ),
        locked AS MATERIALIZED (SELECT * FROM keys WHERE \(lock) LIMIT $2::bigint)
        SELECT newest.id, newest.timestamp, connection_id, embedding_key
        FROM newest JOIN locked USING (connection_id, embedding_key)
        ORDER BY newest.timestamp DESC
        """

    /// Keys of exemplars that another version made. $1 the version, $2 keys.
    static let claimOutdated = """
        WITH keys AS MATERIALIZED (
            SELECT connection_id, embedding_key
            FROM home_assistant_events
            WHERE embedding_vector IS NOT NULL AND embedding_key IS NOT NULL AND embedder_version IS DISTINCT FROM $1
                AND connection_id IN \(connections)
            GROUP BY connection_id, embedding_key ORDER BY max(timestamp) DESC
            LIMIT 4 * $2::bigint
        ),
        locked AS MATERIALIZED (SELECT * FROM keys WHERE \(lock) LIMIT $2::bigint)
        SELECT connection_id, embedding_key FROM locked
        """

    /// Those of the keys that have a vector of this version anywhere. $1, $2 the keys, $3 the version.
    static let readyKeys = """
        SELECT connection_id, embedding_key
        FROM \([EventKey].table(1)) AS wanted
        WHERE EXISTS (
            SELECT FROM home_assistant_events AS exemplar
            WHERE exemplar.connection_id = wanted.connection_id AND exemplar.embedding_key = wanted.embedding_key
                AND exemplar.embedding_vector IS NOT NULL AND exemplar.embedder_version = $3)
        """

    static let findStaging = "SELECT to_regclass('pg_temp.home_assistant_vector_staging') AS name"

    static let createStaging = """
        CREATE TEMPORARY TABLE IF NOT EXISTS home_assistant_vector_staging ON COMMIT DELETE ROWS AS
        SELECT connection_id, embedding_key, embedding_vector FROM home_assistant_events WITH NO DATA
        """

    static let settings = """
        SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off
        """

    static let stage = """
        COPY pg_temp.home_assistant_vector_staging (connection_id, embedding_key, embedding_vector) FROM STDIN (FORMAT binary)
        """

    /// Equal keys have equal vectors. $1, $2 the keys, $3 the version.
    static let stageCopies = """
        INSERT INTO pg_temp.home_assistant_vector_staging (connection_id, embedding_key, embedding_vector)
        SELECT wanted.connection_id, wanted.embedding_key, exemplar.embedding_vector
        FROM \([EventKey].table(1)) AS wanted
        CROSS JOIN LATERAL (
            SELECT embedding_vector FROM home_assistant_events AS exemplar
            WHERE exemplar.connection_id = wanted.connection_id AND exemplar.embedding_key = wanted.embedding_key
                AND exemplar.embedding_vector IS NOT NULL AND exemplar.embedder_version = $3
            LIMIT 1
        ) AS exemplar
        """

    /// $1 the version.
    static let renew = """
        UPDATE home_assistant_events AS exemplar SET embedding_vector = made.embedding_vector, embedder_version = $1
        FROM (
            SELECT old.id, old.timestamp, staged.embedding_vector
            FROM pg_temp.home_assistant_vector_staging AS staged
            CROSS JOIN LATERAL (
                SELECT id, timestamp
                FROM home_assistant_events AS event
                WHERE event.connection_id = staged.connection_id AND event.embedding_key = staged.embedding_key
                    AND event.embedding_vector IS NOT NULL AND event.embedder_version IS DISTINCT FROM $1
                FOR NO KEY UPDATE
            ) AS old
        ) AS made
        WHERE exemplar.id = made.id AND exemplar.timestamp = made.timestamp
        """

    /// The claimed rows that still wait, locked in the order in which they are given: by their ids, as every writer does. $1 ids,
    /// $2 timestamps.
    private static let waiting = """
        waiting AS MATERIALIZED (
            SELECT event.place, event.id, event.timestamp, event.connection_id, event.embedding_key
            FROM unnest($1::text[]::uuid[], $2::text[]::timestamptz[]) AS claimed (id, timestamp)
            CROSS JOIN LATERAL (
                SELECT tableoid AS place, id, timestamp, connection_id, embedding_key, exemplar_id
                FROM home_assistant_events AS event
                WHERE event.id = claimed.id AND event.timestamp = claimed.timestamp
                FOR NO KEY UPDATE
            ) AS event
            WHERE event.exemplar_id IS NULL AND event.embedding_key IS NOT NULL
        )
        """

    /// Gives the vector to the newest row of each key in each partition that has none. $3 the version.
    static let choose = """
        WITH \(waiting),
        chosen AS (
            SELECT DISTINCT ON (place, connection_id, embedding_key) waiting.id, waiting.timestamp, staged.embedding_vector
            FROM waiting JOIN pg_temp.home_assistant_vector_staging AS staged USING (connection_id, embedding_key)
            WHERE NOT EXISTS (
                SELECT FROM home_assistant_events AS exemplar
                WHERE exemplar.tableoid = waiting.place AND exemplar.connection_id = waiting.connection_id
                    AND exemplar.embedding_key = waiting.embedding_key AND exemplar.embedding_vector IS NOT NULL)
            ORDER BY place, connection_id, embedding_key, waiting.timestamp DESC, waiting.id
        )
        UPDATE home_assistant_events AS event
        SET embedding_vector = chosen.embedding_vector, embedder_version = $3, exemplar_id = event.id
        FROM chosen WHERE event.id = chosen.id AND event.timestamp = chosen.timestamp
        """

    /// Keys of claimed rows that still wait, with the parameters of `point`.
    static let stillWaiting = "WITH \(waiting) SELECT DISTINCT connection_id, embedding_key FROM waiting"

    /// Points rows to the exemplar of their key and partition, where there is one.
    static let point = """
        WITH \(waiting),
        found AS MATERIALIZED (
            SELECT waiting.id, waiting.timestamp, exemplar.id AS exemplar_id
            FROM waiting
            JOIN home_assistant_events AS exemplar
                ON exemplar.tableoid = waiting.place AND exemplar.connection_id = waiting.connection_id
                AND exemplar.embedding_key = waiting.embedding_key AND exemplar.embedding_vector IS NOT NULL
        )
        UPDATE home_assistant_events AS event SET exemplar_id = found.exemplar_id
        FROM found WHERE event.id = found.id AND event.timestamp = found.timestamp
        """

    /// Rows whose document is missing cannot be embedded, now or later. $1, $2 the keys, $3 ids, $4 timestamps.
    static let forget = """
        UPDATE home_assistant_events AS event SET embedding_key = NULL
        FROM unnest($3::text[]::uuid[], $4::text[]::timestamptz[]) AS claimed (id, timestamp)
        WHERE event.id = claimed.id AND event.timestamp = claimed.timestamp AND event.exemplar_id IS NULL
            AND (event.connection_id, event.embedding_key) IN (SELECT * FROM \([EventKey].table(1)) AS missing)
        """

    /// Nor can their exemplars be renewed. $1, $2 the keys, $3 the version.
    static let discard = """
        UPDATE home_assistant_events AS exemplar SET embedding_vector = NULL
        FROM \([EventKey].table(1)) AS missing
        WHERE exemplar.connection_id = missing.connection_id AND exemplar.embedding_key = missing.embedding_key
            AND exemplar.embedding_vector IS NOT NULL AND exemplar.embedder_version IS DISTINCT FROM $3
        """

    /// $1 the version.
    static let progress = """
        SELECT
            pending.rows AS pending_rows, pending.keys AS pending_keys, exemplar.count AS exemplars, exemplar.outdated
        FROM (
            SELECT count(*) AS rows, count(DISTINCT (connection_id, embedding_key)) AS keys
            FROM (
                SELECT connection_id, embedding_key FROM home_assistant_events
                WHERE embedding_key IS NOT NULL AND exemplar_id IS NULL AND connection_id IN \(connections)
                LIMIT 1000000
            ) AS waiting
        ) AS pending
        CROSS JOIN (
            SELECT count(*) AS count, count(*) FILTER (WHERE embedder_version IS DISTINCT FROM $1) AS outdated
            FROM home_assistant_events
            WHERE embedding_vector IS NOT NULL AND embedding_key IS NOT NULL AND connection_id IN \(connections)
        ) AS exemplar
        """

    static func repair(_ table: String) -> String {
        """
        UPDATE \(table) AS event SET exemplar_id = NULL
        WHERE event.exemplar_id IS NOT NULL AND event.embedding_vector IS NULL AND NOT EXISTS (
            SELECT FROM \(table) AS exemplar
            WHERE exemplar.id = event.exemplar_id AND exemplar.embedding_vector IS NOT NULL
                AND exemplar.connection_id = event.connection_id AND exemplar.embedding_key = event.embedding_key)
        """
    }
}
