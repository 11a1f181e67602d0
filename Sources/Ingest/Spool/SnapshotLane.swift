import BridgeConcurrency
import BridgeCore
import HomeAssistantClient

/// Lets the parts of huge snapshots into the spool only as fast as they are committed, so that events pass between them.
///
/// A part is in memory alone until its turn comes. If this process ends before, nothing is lost: the next session takes a new
/// snapshot, and what changed in between came as an event. For the spool's thread alone.
struct SnapshotLane {
    /// Parts that may be on their way: while one is being written, the next is being transformed.
    private static let partsAtOnce = 2
    /// A part that is not committed after this holds up the next no longer: PostgreSQL is away, and the disk takes them.
    private static let patience: Duration = .milliseconds(250)
    /// Bytes that may wait here; what is beyond goes at once.
    private static let byteLimit = 32 << 20

    private var divisions: [SnapshotDivision] = []
    private var bytes = 0
    private var lastPart = ContinuousClock.now
    /// Parts on their way, counted down by the writer.
    private let underway = LockedBox(0)

    /// When the next part may go, whatever becomes of those before it; `nil` where none waits.
    var due: ContinuousClock.Instant? { divisions.isEmpty ? nil : lastPart + Self.patience }

    /// Puts what is huge among the items aside, and returns what is to be written now.
    ///
    /// What waits here no longer counts as the connection's: it would stop reading meanwhile, and Home Assistant hangs up on those who
    /// do.
    mutating func sift(_ items: [SpoolItem], of queue: SpoolQueue) -> [SpoolItem] {
        var sifted: [SpoolItem] = []
        sifted.reserveCapacity(items.count)
        for item in items {
            switch item {
            case .frame(let frame):
                guard let division = SnapshotDivision(frame) else { break }
                let rest = division.rest?.bytes.count ?? 0
                queue.release(frame.bytes.count - rest, for: frame.connection)
                if let rest = division.rest { sifted.append(.frame(rest)) }
                divisions.append(division)
                bytes += frame.bytes.count
                while bytes > Self.byteLimit, let part = takePart(of: queue) { sifted.append(part) }
                continue
            case .barrier:
                // It stands for everything that was handed in before.
                sifted += takeAll(of: queue)
            case .sighting, .audit: break
            }
            sifted.append(item)
        }
        return sifted
    }

    /// The next part, with what is to follow it; empty while others are on their way or nothing waits. `wake` is called when there may
    /// be room for another, from any thread.
    mutating func next(of queue: SpoolQueue, wake: @escaping @Sendable () -> Void) -> [SpoolItem] {
        let now = ContinuousClock.now
        guard let due, due <= now || underway.withLock({ $0 < Self.partsAtOnce }) else { return [] }
        guard let part = takePart(of: queue) else { return [] }
        lastPart = now
        underway.withLock { $0 += 1 }
        return [
            part,
            .barrier { [underway] in
                underway.withLock { $0 -= 1 }
                wake()
            },
        ]
    }

    /// All parts that are left.
    mutating func takeAll(of queue: SpoolQueue) -> [SpoolItem] {
        var items: [SpoolItem] = []
        while let part = takePart(of: queue) { items.append(part) }
        return items
    }

    private mutating func takePart(of queue: SpoolQueue) -> SpoolItem? {
        while !divisions.isEmpty {
            if let part = divisions[0].next() {
                _ = queue.reserve(part.bytes.count, for: part.connection)
                return .frame(part)
            }
            bytes -= divisions.removeFirst().size
        }
        return nil
    }
}
