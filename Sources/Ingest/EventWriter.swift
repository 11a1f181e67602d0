import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging

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

/// Takes frames from the queue and commits them, batch after batch, in the order in which they came.
///
/// While one batch is being written, the next one is being transformed.
package struct EventWriter: Sendable {
    private let queue: FrameQueue
    private let sink: EventSink
    private let limits: BatchLimits
    private let health: HealthRegistry
    private let metrics: IngestMetrics
    /// When the oldest event of the batch that is being written was received.
    private let inFlightSince = LockedBox<ContinuousClock.Instant?>(nil)

    init(queue: FrameQueue, sink: EventSink, limits: BatchLimits, health: HealthRegistry, metrics: IngestMetrics) {
        self.queue = queue
        self.sink = sink
        self.limits = limits
        self.health = health
        self.metrics = metrics
    }

    /// Writes until the queue is closed and empty, or the task is cancelled.
    func run() async {
        var reader = BatchReader(queue: queue, limits: limits, health: health)
        var transformer = FrameTransformer()
        var current = await reader.next().map { transformer.transform($0) }
        while let batch = current {
            async let written: Void = write(batch)
            current = await reader.next().map { transformer.transform($0) }
            await written
            if Task.isCancelled { break }
        }
        await sink.close()
    }

    /// The age of the oldest event that is being written, or `nil` when nothing is.
    var lag: Duration? { inFlightSince.withLock { $0 }.map { ContinuousClock.now - $0 } }

    private func write(_ batch: EventBatch) async {
        inFlightSince.withLock { $0 = batch.frames.first?.receivedAt }
        defer { inFlightSince.withLock { $0 = nil } }
        do {
            let outcome = try await sink.write(batch)
            queue.committed(batch.frames)
            record(outcome, of: batch)
            health.beat(.writer)
        } catch {
            // Cancelled: the bytes stay reserved, by which the owner sees that something was left.
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
            let count = frame.events.count + (frame.snapshot == nil ? 0 : 1)
            metrics.commitLatency.observe(now - frame.receivedAt, count: count)
        }
    }
}

/// Cuts the stream of frames into batches.
private struct BatchReader {
    let queue: FrameQueue
    let limits: BatchLimits
    let health: HealthRegistry
    /// Frames read and not yet handed out, the next one last.
    var backlog: [ReceivedFrame] = []

    init(queue: FrameQueue, limits: BatchLimits, health: HealthRegistry) {
        self.queue = queue
        self.limits = limits
        self.health = health
    }

    /// The next batch of frames, or `nil` when the queue was closed and is empty.
    mutating func next() async -> [ReceivedFrame]? {
        while backlog.isEmpty {
            health.beat(.writer)
            backlog = await queue.next(until: .now + .seconds(5)).reversed()
            if backlog.isEmpty, queue.isClosed || Task.isCancelled { return nil }
        }
        if isSmall { takeMore() }
        if isSmall, !queue.isClosed {
            // Alone, each event would cost a transaction of its own.
            try? await Task.sleep(for: limits.age)
            takeMore()
        }
        var batch: [ReceivedFrame] = []
        var rows = 0
        var bytes = 0
        while let frame = backlog.last, batch.isEmpty || rows < limits.rows && bytes < limits.bytes {
            rows += frame.events.count
            bytes += frame.bytes.count
            batch.append(frame)
            backlog.removeLast()
        }
        return batch
    }

    private mutating func takeMore() { backlog = queue.takeAll().reversed() + backlog }

    private var isSmall: Bool {
        backlog.count < limits.rows / 4 && backlog.reduce(0) { $0 + $1.events.count } < limits.rows / 4
    }
}

extension Duration {
    /// The duration as a number of seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
