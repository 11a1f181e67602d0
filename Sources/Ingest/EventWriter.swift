import BridgeConcurrency
import BridgeCore
import EventSpool
import HomeAssistantClient
import Logging
import Store

/// When a batch is full.
package struct BatchLimits: Sendable {
    /// Events in one transaction, about: a frame is not divided.
    package var rows: Int
    /// Bytes of frames in one transaction, about.
    package var bytes: Int
    /// How long the first event of a batch waits for company.
    package var age: Duration

    /// Limits of a batch.
    package init(rows: Int, bytes: Int = 8 << 20, age: Duration) {
        self.rows = rows
        self.bytes = bytes
        self.age = age
    }
}

/// Takes what waits in the spool and commits it, batch after batch, in the order in which it came.
///
/// While one batch is being written, the next one is being transformed. While batches are full, the rows of the next one are copied
/// as well, over a second session, and committed behind the first.
package struct EventWriter: Sendable {
    private let queue: SpoolQueue
    private let source: SpoolSource
    /// The second one writes only while batches are full.
    private let sinks: (EventSink, EventSink)
    private let cursors: SpoolCursorRepository
    private let limits: BatchLimits
    /// `nil` where no embeddings are made.
    private let embedding: EmbeddingSources?
    private let registries: RegistryKeeper
    private let companions: [SessionCompanion]
    private let health: HealthRegistry
    private let metrics: IngestMetrics
    private let logger: Logger
    /// The batches that are being written, in their order: when the oldest event of each was received, and when its turn came.
    private let inFlight = LockedBox<[(receivedAt: ContinuousClock.Instant, since: ContinuousClock.Instant)]>([])

    init(
        queue: SpoolQueue, source: SpoolSource, sinks: (EventSink, EventSink), cursors: SpoolCursorRepository,
        limits: BatchLimits,
        embedding: EmbeddingSources?, registries: RegistryKeeper, companions: [SessionCompanion],
        health: HealthRegistry, metrics: IngestMetrics,
        logger: Logger
    ) {
        self.queue = queue
        self.source = source
        self.sinks = sinks
        self.cursors = cursors
        self.limits = limits
        self.embedding = embedding
        self.registries = registries
        self.companions = companions
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// A batch with the items that it was made of.
    private struct Load: Sendable {
        var items: [SpooledItem]
        var batch: EventBatch
        let completion = BatchCompletion()
    }

    /// Writes until the queue is closed and empty, or the task is cancelled.
    func run() async {
        await loadCursors()
        // Without it the first events would be described without their areas.
        await registries.load()
        var reader = BatchReader(queue: queue, source: source, limits: limits, health: health)
        var transformer = FrameTransformer(embedding)
        await withTaskGroup { group in
            var isFirst = true
            // What is being written: two batches at most, each over a sink of its own.
            var before: [BatchCompletion] = []
            while let items = await reader.next() {
                let load = Self.load(items, &transformer)
                let mayCopyAhead = reader.isFull && load.batch.canBeCopiedAhead
                while before.count > (mayCopyAhead ? 1 : 0) { _ = await before.removeFirst().ended() }
                if Task.isCancelled { break }
                if before.first?.current != nil { before = [] }
                isFirst = before.isEmpty || !isFirst
                let sink = isFirst ? sinks.0 : sinks.1
                begin(load)
                group.addTask { [before = before.first] in await write(load, to: sink, after: before) }
                before.append(load.completion)
            }
        }
        await sinks.0.close()
        await sinks.1.close()
    }

    /// The age of the oldest event that is being written, or `nil` when nothing is.
    var lag: Duration? { inFlight.withLock { $0.first?.receivedAt }.map { ContinuousClock.now - $0 } }

    /// Whether PostgreSQL has taken nothing for a second although something waits, or is five seconds behind. While it is merely
    /// busy, the disk is left to it.
    var isBehind: Bool {
        guard let batch = inFlight.withLock({ $0.first }) else { return false }
        let now = ContinuousClock.now
        return now - batch.since > .seconds(1) || now - batch.receivedAt > .seconds(5)
    }

    /// Without the cursors everything left behind would be written again, which is harmless and slow.
    private func loadCursors() async {
        let runs = Set(queue.spool.segments.map(\.run.uuid))
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            health.beat(.writer)
            do {
                let loaded = try await cursors.load(bridge: queue.spool.bridgeID, keeping: runs)
                await source.skip(
                    committed: Dictionary(uniqueKeysWithValues: loaded.map { (SpoolRunID($0.key), $0.value) }))
                return
            } catch {
                if Task.isCancelled { return }
                attempt += 1
                logger.log(
                    level: attempt == 1 ? .warning : .debug,
                    "Cannot read how far the spool is written; trying again until it works.",
                    metadata: [LoggingKeys.error: "\(error)"])
                try? await Task.sleep(for: RetryPolicy.database.delay(attempt: attempt, using: &generator))
            }
        }
    }

    private static func load(_ items: [SpooledItem], _ transformer: inout FrameTransformer) -> Load {
        var frames: [ReceivedFrame] = []
        var sightings: [Sighting] = []
        var audits: [AuditEntry] = []
        var load = Load(items: items, batch: EventBatch())
        for item in items {
            switch item.item {
            case .frame(let frame): frames.append(frame)
            case .sighting(let sighting): sightings.append(sighting)
            case .audit(let entry): audits.append(entry)
            case .barrier: break
            }
            // What the reader itself adds has no place of its own.
            guard item.sequence > 0 else { continue }
            load.batch.positions[item.run] = max(item.sequence, load.batch.positions[item.run] ?? 0)
        }
        let positions = load.batch.positions
        load.batch = transformer.transform(frames)
        load.batch.positions = positions
        load.batch.sightings = sightings
        load.batch.audits = audits
        load.batch.sortRows()
        return load
    }

    /// Notes, before its task begins, that it is on its way: the order counts.
    private func begin(_ load: Load) {
        let now = ContinuousClock.now
        inFlight.withLock { $0.append((load.batch.frames.first?.receivedAt ?? now, now)) }
    }

    private func write(_ load: Load, to sink: EventSink, after before: BatchCompletion?) async {
        var isCommitted = false
        defer {
            inFlight.withLock { batches in
                batches.removeFirst()
                // Until now it had to wait.
                if !batches.isEmpty { batches[0].since = .now }
            }
            load.completion.end(isCommitted: isCommitted)
        }
        do {
            let outcome = try await sink.write(load.batch, after: before)
            isCommitted = true
            CrashPoint.afterCommit.reach()
            queue.committed(load.items)
            record(outcome, of: load.batch)
            for connection in load.batch.registryChanges { registries.changed(connection) }
            for (connection, signal) in load.batch.signals {
                for companion in companions { companion.receive(signal, connection) }
            }
            health.beat(.writer)
        } catch {
            // Cancelled: the spool keeps what was not committed.
        }
    }

    private func record(_ outcome: WriteOutcome, of batch: EventBatch) {
        metrics.stored.add(outcome.stored)
        metrics.repeated.add(outcome.repeated)
        metrics.clockSuspects.add(batch.clockSuspects)
        metrics.batches.increment()
        metrics.batchRows.observe(Double(batch.index.count))
        let now = ContinuousClock.now
        for frame in batch.frames {
            // A snapshot counts once, when all of it is there.
            let count = frame.events.count + (frame.snapshot == nil || frame.isContinued ? 0 : 1)
            metrics.commitLatency.observe(now - frame.receivedAt, count: count)
        }
    }
}

/// Cuts the stream of items into batches.
private struct BatchReader {
    let queue: SpoolQueue
    let source: SpoolSource
    let limits: BatchLimits
    let health: HealthRegistry
    /// Whether the last batch was cut off by a limit: more comes than small batches can hold, and time counts.
    private(set) var isFull = false
    /// Items read and not yet handed out, the next one last.
    private var backlog: [SpooledItem] = []

    init(queue: SpoolQueue, source: SpoolSource, limits: BatchLimits, health: HealthRegistry) {
        self.queue = queue
        self.source = source
        self.limits = limits
        self.health = health
    }

    /// The next batch of items, or `nil` when the queue was closed and is empty.
    mutating func next() async -> [SpooledItem]? {
        while backlog.isEmpty {
            health.beat(.writer)
            // Asked before the source is: what comes in between is found in the next round.
            let isLast = queue.isDrained || Task.isCancelled
            await takeMore()
            if !backlog.isEmpty { break }
            if isLast { return nil }
            _ = await queue.news.next(until: .now + .seconds(5))
        }
        if isSmall, !queue.isDrained {
            // Alone, each event would cost a transaction of its own.
            try? await Task.sleep(for: limits.age)
            await takeMore()
        }
        var batch: [SpooledItem] = []
        var rows = 0
        var bytes = 0
        while let item = backlog.last, batch.isEmpty || rows < limits.rows && bytes < limits.bytes {
            if case .frame(let frame) = item.item { rows += frame.events.count }
            bytes += item.item.cost
            batch.append(item)
            backlog.removeLast()
        }
        isFull = rows >= limits.rows || bytes >= limits.bytes
        return batch
    }

    private mutating func takeMore() async { backlog = await source.next(bytes: limits.bytes).reversed() + backlog }

    private var isSmall: Bool {
        backlog.count < limits.rows / 4
            && backlog.reduce(0) { count, item in
                if case .frame(let frame) = item.item { count + frame.events.count } else { count }
            } < limits.rows / 4
    }
}

extension Duration {
    /// The duration as a number of seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
