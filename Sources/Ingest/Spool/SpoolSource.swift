import BridgeConcurrency
import BridgeCore
import EventSpool
import FoundationEssentials
import Logging
import Store

/// Reads what waits, in the order in which it came: first what earlier runs of this bridge left behind, then this run's, from
/// memory while the writer keeps up and from the disk when it does not.
actor SpoolSource {
    private let executor = ThreadExecutor(name: "spool-reader")
    private let queue: SpoolQueue
    private let metrics: IngestMetrics
    private let logger: Logger
    private var reader: SpoolReader?
    /// Whether earlier runs are still being read.
    private var isReplaying = true
    /// The item of this run that comes next.
    private var expected: UInt64 = 1
    /// How far earlier runs were committed, by what PostgreSQL says.
    private var committed: [SpoolRunID: UInt64] = [:]
    /// Earlier runs of which something was read.
    private var begun: Set<SpoolRunID> = []
    /// Those whose beginning is missing, and the connections for which that was told.
    private var beheaded: [SpoolRunID: Set<ConnectionID>] = [:]
    /// Connections whose events were in what has been read.
    private var connections: Set<ConnectionID> = []
    private var isFailing = false
    /// Connections that this bridge speaks for.
    private let held: @Sendable () -> Set<ConnectionID>

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        queue: SpoolQueue, metrics: IngestMetrics, logger: Logger, held: @escaping @Sendable () -> Set<ConnectionID>
    ) {
        self.held = held
        self.queue = queue
        self.metrics = metrics
        self.logger = logger
        reader = queue.spool.reader()
    }

    /// Skips what earlier runs have committed.
    func skip(committed: [SpoolRunID: UInt64]) { self.committed = committed }

    /// Items of about `bytes`; empty when nothing waits.
    func next(bytes: Int) -> [SpooledItem] {
        while true {
            if !isReplaying {
                let items = queue.tail.take(from: expected, bytes: bytes)
                if let last = items.last {
                    expected = last.sequence + 1
                    reader = nil
                    return items
                }
            }
            // Asked before the disk is read: what has a smaller number is there by now, or nowhere.
            let bound = queue.tail.firstSequence
            guard isReplaying || expected < bound else { return [] }
            do {
                let items = try readDisk(bytes: bytes, bound: bound)
                isFailing = false
                if !items.isEmpty { return items }
            } catch {
                // Tried again at the next call, which comes with the next event or within seconds.
                if !isFailing {
                    logger.error("The spool cannot be read. Trying again.", metadata: [LoggingKeys.error: "\(error)"])
                }
                isFailing = true
                metrics.spoolFailures.increment()
                return []
            }
        }
    }

    /// Reads the next items from the disk; when there are none, sees to it that the next round goes on elsewhere.
    private func readDisk(bytes: Int, bound: UInt64) throws -> [SpooledItem] {
        let reader = self.reader ?? currentReader()
        self.reader = reader
        let chunk = try reader.next(maxBytes: bytes)
        var items: [SpooledItem] = []
        items.reserveCapacity(chunk.records.count)
        for record in chunk.records {
            if record.position.run == queue.spool.run {
                if record.position.sequence < expected { continue }
                if record.position.sequence >= bound {
                    // From here on memory has them.
                    isReplaying = false
                    self.reader = nil
                    break
                }
                isReplaying = false
                expected = record.position.sequence + 1
            } else {
                lookAtBeginning(record.position)
                if record.position.sequence <= committed[record.position.run] ?? 0 { continue }
            }
            add(record, to: &items)
        }
        // From behind, so that the places found stay right.
        for damage in chunk.damages.reversed() {
            let place = Self.place(of: damage, in: items)
            items.insert(contentsOf: missed(damage, before: items[place...]), at: place)
        }
        if chunk.records.isEmpty, chunk.damages.isEmpty, reader.isAtEnd {
            isReplaying = false
            self.reader = nil
            if expected < bound {
                // Neither memory nor disk: the files were removed. What it was is told by the gap that this opens.
                metrics.spoolDamages.increment()
                logger.error(
                    "Records of the spool are gone.",
                    metadata: ["count": "\(bound - expected)"])
                items += gaps(at: .now, detail: "Files of the spool were removed.")
                expected = bound
            }
        }
        return items
    }

    /// Notes an earlier run whose first record is not the one after what PostgreSQL has: what lay between was deleted once it was
    /// committed, and the database has been set back since, from a backup as a rule.
    private func lookAtBeginning(_ first: SpoolPosition) {
        guard begun.insert(first.run).inserted else { return }
        let end = committed[first.run] ?? 0
        guard first.sequence > end + 1 else { return }
        beheaded[first.run] = []
        logger.error(
            "PostgreSQL knows less than it once did: records that it had taken are gone from the spool. The gap is told and filled.",
            metadata: ["count": "\(first.sequence - end - 1)"])
    }

    /// What a connection's first item of a run without a beginning says of the time before: nobody vouches for it any more. The run's
    /// own words, which come later, would.
    private func doubt(before item: SpoolItem, of run: SpoolRunID) -> [SpooledItem] {
        let (connection, time): (ConnectionID, Timestamp)
        switch item {
        case .frame(let frame): (connection, time) = (frame.connection, frame.receivedTime)
        case .sighting(let sighting): (connection, time) = (sighting.connection, sighting.at)
        case .audit, .barrier: return []
        }
        guard beheaded[run]?.insert(connection).inserted == true else { return [] }
        // It tells of the gap by itself.
        if case .sighting(let sighting) = item, sighting.kind == .regained { return [] }
        return [Sighting.Kind.lost, .regained].map { kind in
            let sighting = Sighting(
                connection: connection, epoch: .max, kind: kind, at: time, cause: .spoolDamaged,
                detail: "The database was set back to an earlier time, and the spool no longer has what came after it.")
            return SpooledItem(run: queue.spool.run, sequence: 0, item: .sighting(sighting))
        }
    }

    /// A reader of this run from the expected item on.
    private func currentReader() -> SpoolReader {
        let reader = queue.spool.reader()
        reader.seek(past: SpoolPosition(run: queue.spool.run, sequence: expected - 1))
        return reader
    }

    private func add(_ record: SpoolRecord, to items: inout [SpooledItem]) {
        guard let item = SpoolItem(kind: record.kind, payload: record.payload) else {
            metrics.spoolDamages.increment()
            logger.error(
                "A record of the spool is of a kind that this release does not know. It was left out.",
                metadata: ["kind": "\(record.kind)", LoggingKeys.bytes: "\(record.payload.count)"])
            return
        }
        if case .frame(let frame) = item { connections.insert(frame.connection) }
        items += doubt(before: item, of: record.position.run)
        items.append(SpooledItem(run: record.position.run, sequence: record.position.sequence, item: item))
    }

    /// Where among the items the damaged records were: sightings count in their order.
    private static func place(of damage: SpoolDamage, in items: [SpooledItem]) -> Int {
        if let after = damage.after,
            let place = items.firstIndex(where: { $0.run == after.run && $0.sequence >= after.sequence })
        {
            return place
        }
        guard let before = damage.before else { return items.startIndex }
        let last = items.lastIndex { $0.run == before.run && $0.sequence <= before.sequence }
        return last.map { $0 + 1 } ?? items.startIndex
    }

    /// What a damaged place makes of the ledger: a gap up to the next frame, for every connection that it may have been of.
    private func missed(_ damage: SpoolDamage, before next: ArraySlice<SpooledItem>) -> [SpooledItem] {
        metrics.spoolDamages.increment()
        logger.error(
            "A part of the spool could not be read. Its bytes are kept.",
            metadata: ["segment": "\(damage.segment)", LoggingKeys.bytes: "\(damage.length)"])
        let times = next.lazy.compactMap { item -> Timestamp? in
            if case .frame(let frame) = item.item { frame.receivedTime } else { nil }
        }
        return gaps(at: times.first ?? .now, detail: "A part of the spool could not be read.")
    }

    private func gaps(at time: Timestamp, detail: String) -> [SpooledItem] {
        connections.union(held()).map { connection in
            // Whoever speaks for the connection now: the record was ours.
            let sighting = Sighting(
                connection: connection, epoch: .max, kind: .missed, at: time, cause: .spoolDamaged, detail: detail)
            return SpooledItem(run: queue.spool.run, sequence: 0, item: .sighting(sighting))
        }
    }
}
