import BridgeCore
import PostgresClient

/// The statements of a search.
enum SearchSQL {
    /// Exemplars are found by the index that lists them, not by reading every event; and a short question is not worth a second
    /// process.
    static let settings = """
        SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0
        """

    /// For months with an index for vectors: the default of 40 misses one neighbour in six. Since pgvector 0.8 the index goes on
    /// where a condition has sorted out what it found.
    static let indexSettings = """
        SELECT set_config('hnsw.ef_search', '200', true),
            CASE WHEN string_to_array(extversion, '.')::integer[] >= '{0,8}'
                THEN set_config('hnsw.iterative_scan', 'relaxed_order', true) END
        FROM pg_extension WHERE extname = 'vector'
        """

    /// The nearest exemplars of each partition. $1 the vector, $2 how many, then the parameters of `conditions`.
    static func nearest(in partitions: [EmbeddingPartition], _ conditions: String) -> String {
        let parts = partitions.map { partition in
            """
            (SELECT event.connection_id, event.embedding_key, event.entity_id, event.event_type, event.timestamp,
                event.embedding_vector <=> $1::vector AS distance
            FROM \(partition.table) AS event
            WHERE event.embedding_vector IS NOT NULL AND event.embedding_key IS NOT NULL AND \(conditions)
            ORDER BY event.embedding_vector <=> $1::vector
            LIMIT $2::bigint)
            """
        }
        return parts.joined(separator: "\nUNION ALL\n") + "\nORDER BY distance"
    }

    /// Up to so many events in the period: whether it is narrow.
    static func countInside(_ conditions: String) -> String {
        """
        SELECT count(*) AS count FROM (
            SELECT FROM home_assistant_events AS event WHERE \(conditions) LIMIT $1::bigint
        ) AS inside
        """
    }

    /// The keys of the events in a narrow period and how far they are. $1 the vector, then those of `conditions`; `months` bounds the
    /// partitions in which the exemplars lie.
    static func inside(_ conditions: String, months: String) -> String {
        """
        WITH inside AS MATERIALIZED (
            SELECT event.connection_id, event.embedding_key, min(event.entity_id) AS entity_id,
                min(event.event_type) AS event_type, max(event.timestamp) AS timestamp
            FROM home_assistant_events AS event
            WHERE event.embedding_key IS NOT NULL AND \(conditions)
            GROUP BY event.connection_id, event.embedding_key
        )
        SELECT inside.*, exemplar.distance
        FROM inside
        CROSS JOIN LATERAL (
            SELECT exemplar.embedding_vector <=> $1::vector AS distance
            FROM home_assistant_events AS exemplar
            WHERE exemplar.connection_id = inside.connection_id AND exemplar.embedding_key = inside.embedding_key
                AND exemplar.embedding_vector IS NOT NULL AND \(months)
            UNION ALL
            SELECT exemplar.embedding_vector <=> $1::vector
            FROM home_assistant_events_default AS exemplar
            WHERE exemplar.connection_id = inside.connection_id AND exemplar.embedding_key = inside.embedding_key
                AND exemplar.embedding_vector IS NOT NULL
            LIMIT 1
        ) AS exemplar
        ORDER BY exemplar.distance
        """
    }

    /// The newest events of keys. $1 connections, $2 keys, $3 entities or '' for none, $4 event types, $5 times of events that are
    /// known, $6 how many of each key, $7 how far to look, then those of the period.
    ///
    /// The keys of an entity are counted in one pass over the index of entities, which holds the key: the rows are not touched.
    static func expand(_ period: String, isTimed: Bool) -> String {
        """
        WITH wanted AS MATERIALIZED (
            SELECT connection::uuid AS connection_id, decode(key, 'hex') AS embedding_key, nullif(entity, '') AS entity_id,
                event_type, known::timestamptz AS known
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                AS given (connection, key, entity, event_type, known)
        ),
        moments AS MATERIALIZED (
            SELECT entity.connection_id, entity.entity_id, NULL::text AS event_type, event.embedding_key, event.timestamp
            FROM (SELECT DISTINCT connection_id, entity_id FROM wanted WHERE entity_id IS NOT NULL) AS entity
            CROSS JOIN LATERAL (
                SELECT event.embedding_key, event.timestamp
                FROM home_assistant_events AS event
                WHERE event.entity_id = entity.entity_id AND event.connection_id = entity.connection_id AND \(period)
                ORDER BY event.timestamp DESC
                LIMIT $7::bigint
            ) AS event
            WHERE event.embedding_key IN (SELECT embedding_key FROM wanted)
            UNION ALL
            SELECT kind.connection_id, NULL, kind.event_type, event.embedding_key, event.timestamp
            FROM (SELECT DISTINCT connection_id, event_type FROM wanted WHERE entity_id IS NULL) AS kind
            CROSS JOIN LATERAL (
                SELECT event.embedding_key, event.timestamp
                FROM home_assistant_events AS event
                -- The index of event types holds no changes of states, which have entities.
                WHERE event.entity_id IS NULL AND event.event_type = kind.event_type AND event.event_type <> 'state_changed'
                    AND event.connection_id = kind.connection_id AND \(period)
                ORDER BY event.timestamp DESC
                LIMIT $7::bigint
            ) AS event
            WHERE event.embedding_key IN (SELECT embedding_key FROM wanted)
        ),
        \(isTimed ? "" : knownMoments)
        counted AS (
            SELECT *, row_number() OVER newest AS position, count(*) OVER every AS occurrences
            FROM \(isTimed ? "moments" : "all_moments") AS moment
            WINDOW newest AS (PARTITION BY connection_id, embedding_key ORDER BY timestamp DESC),
                every AS (PARTITION BY connection_id, embedding_key)
        )
        SELECT event.id, event.connection_id, event.embedding_key, event.timestamp, event.event_type, event.entity_id,
            event.old_state, event.new_state, document.area, document.text, counted.occurrences
        FROM counted
        CROSS JOIN LATERAL (
            SELECT * FROM home_assistant_events AS event
            WHERE counted.entity_id IS NOT NULL AND event.entity_id = counted.entity_id
                AND event.connection_id = counted.connection_id AND event.timestamp = counted.timestamp
                AND event.embedding_key = counted.embedding_key
            UNION ALL
            SELECT * FROM home_assistant_events AS event
            WHERE counted.entity_id IS NULL AND event.entity_id IS NULL AND event.event_type = counted.event_type
                AND event.event_type <> 'state_changed' AND event.connection_id = counted.connection_id AND event.timestamp = counted.timestamp
                AND event.embedding_key = counted.embedding_key
        ) AS event
        LEFT JOIN home_assistant_embedding_documents AS document
            ON document.connection_id = event.connection_id AND document.embedding_key = event.embedding_key
        WHERE counted.position <= $6::bigint
        """
    }

    /// Without a period each exemplar is an event of its key, however far back the newest one of an entity that never rests lies.
    private static let knownMoments = """
        all_moments AS (
            SELECT * FROM moments
            UNION ALL
            SELECT connection_id, entity_id, CASE WHEN entity_id IS NULL THEN event_type END, embedding_key, known
            FROM wanted
            WHERE NOT EXISTS (
                SELECT FROM moments
                WHERE moments.connection_id = wanted.connection_id AND moments.embedding_key = wanted.embedding_key)
        ),
        """
}
