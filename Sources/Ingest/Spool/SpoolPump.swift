import BridgeConcurrency
import BridgeCore
import EventSpool
import Logging

/// Writes what the sessions hand in to the spool, on a thread of its own: a slow disk holds up nothing else.
///
/// A disk that takes nothing, because it is full or broken, costs no event while PostgreSQL takes them: they wait in memory, and
/// are written to the disk no more.
actor SpoolPump {
    private let executor = ThreadExecutor(name: "spool")
    private let queue: SpoolQueue
    private let health: HealthRegistry
    private let metrics: IngestMetrics
    private let logger: Logger
    /// Whether PostgreSQL is so far behind that the disk must hold what it does not have. The page cache survives the end of this
    /// process, but not that of the machine.
    private let mustSync: @Sendable () -> Bool
    private var lastSequence: UInt64 = 0
    private var failingSince: ContinuousClock.Instant?
    private var nextTry = ContinuousClock.now
    private var nextSync = ContinuousClock.now
    private var nextCheck = ContinuousClock.now
    private var isDirty = false
    private var snapshots = SnapshotLane()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        queue: SpoolQueue, health: HealthRegistry, metrics: IngestMetrics, logger: Logger,
        mustSync: @escaping @Sendable () -> Bool
    ) {
        self.queue = queue
        self.health = health
        self.metrics = metrics
        self.logger = logger
        self.mustSync = mustSync
    }

    private static let syncInterval: Duration = .milliseconds(250)

    /// Writes until the queue is closed and everything is written.
    func run() async {
        while true {
            let items = await queue.inbox.next(until: nextLook)
            if !items.isEmpty { append(snapshots.sift(items, of: queue)) }
            if items.isEmpty, queue.inbox.isClosed {
                append(snapshots.takeAll(of: queue))
                break
            }
            append(snapshots.next(of: queue, wake: { [inbox = queue.inbox] in inbox.wake() }))
            keepHouse()
        }
        if isDirty { sync() }
        queue.news.close()
    }

    /// When there is something to do even if nothing comes. Whether the disk must hold what is dirty is asked again with each check:
    /// a house in which nothing happens would be woken four times a second for it.
    private var nextLook: ContinuousClock.Instant {
        min(nextCheck, snapshots.due ?? nextCheck, isDirty && mustSync() ? nextSync : nextCheck)
    }

    private func append(_ items: [SpoolItem]) {
        if items.isEmpty { return }
        CrashPoint.beforeSpoolAppend.reach()
        var entries: [SpoolEntry] = []
        entries.reserveCapacity(items.count)
        var spooled: [SpooledItem] = []
        spooled.reserveCapacity(items.count)
        for item in items {
            lastSequence += 1
            var entry = SpooledItem(run: queue.spool.run, sequence: lastSequence, item: item)
            if let record = item.encoded() {
                entries.append(
                    SpoolEntry(sequence: lastSequence, kind: record.kind.rawValue, head: record.head, body: record.body)
                )
            } else {
                entry.isOnDisk = false
            }
            spooled.append(entry)
        }
        if entries.isEmpty {
            // Barriers alone.
        } else if write(entries) {
            queue.release(spooled)
            isDirty = true
        } else {
            for index in spooled.indices { spooled[index].isOnDisk = false }
            metrics.unspooled.add(entries.count)
        }
        CrashPoint.afterSpoolAppend.reach()
        queue.tail.push(spooled)
        queue.news.push(())
        queue.checkDisk()
    }

    private func write(_ entries: [SpoolEntry]) -> Bool {
        if failingSince != nil, nextTry > .now { return false }
        do {
            try queue.spool.append(entries)
            succeeded()
            return true
        } catch {
            failed(error)
            return false
        }
    }

    private func keepHouse() {
        if isDirty, nextSync <= .now, mustSync() {
            nextSync = .now + Self.syncInterval
            sync()
        }
        if nextCheck <= .now {
            nextCheck = .now + .seconds(1)
            do {
                try queue.spool.checkPresence()
            } catch {
                failed(error)
            }
            queue.checkDisk()
        }
    }

    private func sync() {
        do {
            try queue.spool.sync()
            isDirty = false
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: any Error) {
        nextTry = .now + .seconds(1)
        metrics.spoolFailures.increment()
        health.setReadiness(.spool, .failing("The spool cannot be written: \(error)"))
        guard failingSince == nil else { return }
        failingSince = .now
        logger.error(
            """
            The spool cannot be written. Events go to PostgreSQL from memory and would be lost with this process; trying \
            again every second.
            """,
            metadata: [LoggingKeys.error: "\(error)"])
    }

    private func succeeded() {
        guard failingSince != nil else { return }
        failingSince = nil
        health.setReadiness(.spool, .ok)
        logger.notice("The spool can be written again.")
    }
}
