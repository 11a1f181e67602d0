import BridgeConcurrency

/// The numbers that the path of an event counts.
package struct IngestMetrics: Sendable {
    /// Rows that are new in `home_assistant_events`.
    package let stored: Counter
    /// Rows that were there already.
    package let repeated: Counter
    /// Transactions.
    package let batches: Counter
    /// Those of them whose rows were copied while the batch before was still being written.
    let batchesAhead: Counter
    /// Failed tries to write a batch; each is followed by another.
    package let writeFailures: Counter
    /// Events that became dead letters, or are kept there beside their repaired row.
    package let deadLetters: LabelledCounter<DeadLetterReason>
    /// Rows whose time lies more than 90 days before the bridge's clock, or more than a day after it.
    package let clockSuspects: Counter
    /// Events that Home Assistant said it could not deliver.
    package let undelivered: Counter
    /// Connections closed because too much was waiting.
    package let overflows: Counter
    /// Items that could not be written to the spool and went to PostgreSQL from memory.
    let unspooled: Counter
    /// Failed tries to write to the spool.
    let spoolFailures: Counter
    /// Places of the spool that could not be read.
    let spoolDamages: Counter
    /// Transactions that PostgreSQL refused because another bridge speaks for a connection.
    let staleWrites: Counter
    /// From the whole frame to the commit.
    package let commitLatency: Histogram
    /// Rows in a transaction.
    package let batchRows: Histogram

    /// Registers the numbers.
    package init(_ registry: MetricsRegistry, queue: SpoolQueue, meters: MeterRegistry) {
        stored = registry.counter("ha_bridge_events_stored_total", "Events written as new rows.")
        repeated = registry.counter("ha_bridge_events_repeated_total", "Events that were in the table already.")
        batches = registry.counter("ha_bridge_batches_total", "Transactions that wrote events.")
        batchesAhead = registry.counter(
            "ha_bridge_batches_ahead_total", "Transactions that copied rows while another wrote the batch before.")
        writeFailures = registry.counter(
            "ha_bridge_write_failures_total", "Tries to write that failed and were repeated.")
        deadLetters = registry.counter(
            "ha_bridge_dead_letters_total", "Events kept in home_assistant_dead_letters.", label: "reason",
            of: DeadLetterReason.self)
        clockSuspects = registry.counter(
            "ha_bridge_events_clock_suspect_total",
            "Events timed over 90 days before or over a day after the bridge's clock.")
        undelivered = registry.counter(
            "ha_bridge_events_undelivered_total", "Events that Home Assistant could not deliver.")
        overflows = registry.counter(
            "ha_bridge_queue_overflows_total", "Connections closed because too many events were waiting.")
        unspooled = registry.counter(
            "ha_bridge_unspooled_total", "Frames and rows that could not be written to the spool.")
        spoolFailures = registry.counter("ha_bridge_spool_failures_total", "Failed writes to the spool.")
        spoolDamages = registry.counter(
            "ha_bridge_spool_damages_total", "Places of the spool that could not be read.")
        staleWrites = registry.counter(
            "ha_bridge_stale_writes_total", "Transactions refused because another bridge holds the lease.")
        commitLatency = registry.histogram(
            "ha_bridge_commit_latency_seconds", "From the frame to the committed row.")
        batchRows = registry.histogram(
            "ha_bridge_batch_rows", "Rows in one transaction.", bounds: Histogram.batchRows)
        registry.gauge("ha_bridge_queue_bytes", "Bytes of frames in memory on their way to the spool.") {
            Double(queue.waitingBytes)
        }
        registry.gauge("ha_bridge_spool_bytes", "Bytes of the spool's files.") { Double(queue.spoolBytes) }
        registry.counter("ha_bridge_events_received_total", "Events received from all connections.") {
            Double(meters.all.values.reduce(0) { $0 + $1.snapshot.events })
        }
        registry.counter("ha_bridge_messages_unknown_total", "Messages of unknown type or for no subscription.") {
            Double(meters.all.values.reduce(0) { $0 + $1.snapshot.unknownMessages })
        }
        registry.gauge("ha_bridge_connections_connected_count", "Connections over which events flow.") {
            Double(meters.all.values.count { $0.snapshot.isConnected })
        }
    }

    func deadLetter(reason code: String) { deadLetters[DeadLetterReason(code: code)].increment() }
}

/// Why an event is in the table of dead letters; the table has the full code.
package enum DeadLetterReason: String, MetricLabel {
    /// No JSON.
    case unreadable
    /// Nested too deeply.
    case depth
    /// A field is missing or has a wrong type.
    case schema
    /// A name is too long for its column, or a value too large for a row.
    case size
    /// A number or time out of range.
    case range
    /// Stored with substitutes for what PostgreSQL cannot hold; the original is kept.
    case repaired
    /// Stored without a field of an unknown type; the original is kept.
    case ignored
    /// PostgreSQL refused the row.
    case refused
    /// A fault of the bridge or its libraries.
    case `internal`

    init(code: String) {
        switch code {
        case "repaired": self = .repaired
        case "ignored_field": self = .ignored
        case "refused_by_postgresql": self = .refused
        case "number_out_of_range", "invalid_time": self = .range
        case "missing_field": self = .schema
        case "field_too_long", "field_too_large": self = .size
        case "json_too_deep": self = .depth
        case "json_unexpected_end", "json_unexpected_byte", "json_trailing_bytes": self = .unreadable
        default: self = .internal
        }
    }
}
