import BridgeConcurrency
import BridgeCore
import EventSpool
import Foundation
import HomeAssistantClient
import Logging
import Store
import Testing
import TestSupport

@testable import Ingest

/// Huge snapshots go through the spool in parts, and let the events of other houses pass.
@Suite struct SnapshotLaneTests {
    private let home = ConnectionID()

    private static func state(_ number: Int, filling: Int) -> String {
        let note = String(repeating: #"\"}],[{é"#, count: filling / 8)
        return
            #"{"entity_id":"sensor.s\#(number)","state":"\#(number)","attributes":{"note":"\#(note)","list":[[],{}]},"last_updated":"2026-01-01T00:00:00.\#(100_000 + number)+00:00","context":{"id":"c\#(number)"}}"#
    }

    /// An answer to `get_states` with `events` before it in the same frame.
    private func frame(
        _ states: [String], separator: String = ",", end: String = "]", events: Int = 0
    ) -> ReceivedFrame {
        var bytes = Array("[".utf8)
        var places: [Range<Int>] = []
        for number in 0..<events {
            let event =
                #"{"event_type":"e\#(number)","data":{},"time_fired":"2026-01-01T00:00:00.00000\#(number)+00:00","context":{"id":"e"}}"#
            places.append(bytes.count..<bytes.count + event.utf8.count)
            bytes += Array("\(event),".utf8)
        }
        bytes += Array(#"{"id":3,"type":"result","success":true,"result":"#.utf8)
        let snapshot = Array("[\(states.joined(separator: separator))\(end)".utf8)
        let place = bytes.count..<bytes.count + snapshot.count
        bytes += snapshot + Array("}]".utf8)
        return ReceivedFrame(connection: home, bytes: bytes, events: places, snapshot: place)
    }

    /// The rows and dead letters that frames become, in an order of their own.
    private func outcome(_ frames: [ReceivedFrame]) -> (rows: [[UInt8]], letters: [String]) {
        var transformer = FrameTransformer()
        let batch = transformer.transform(frames)
        let rows = batch.index.map { Array(batch.rows[$0.range]) }
        return (rows.sorted { $0.lexicographicallyPrecedes($1) }, batch.deadLetters.map(\.reasonCode))
    }

    private func parts(_ frame: ReceivedFrame) throws -> [ReceivedFrame] {
        var division = try #require(SnapshotDivision(frame))
        var parts = [division.rest].compactMap { $0 }
        while let part = division.next() { parts.append(part) }
        return parts
    }

    @Test(arguments: [",", " ,\n\t "], [0, 3])
    func thePartsTellWhatTheWholeTells(separator: String, events: Int) throws {
        var random = SeededGenerator(seed: TestSeed.value)
        for _ in 0..<3 {
            let states = (0..<Int.random(in: 500...900, using: &random)).map {
                Self.state($0, filling: Int.random(in: 1_200...2_000, using: &random))
            }
            let whole = frame(states, separator: separator, events: events)
            let parts = try parts(whole)
            #expect(parts.count > 3)
            #expect(outcome(parts) == outcome([whole]))
            #expect(outcome([whole]).rows.count == states.count + events)
            #expect(parts.allSatisfy { $0.bytes.count < SnapshotDivision.partBytes + 4_096 })
            let snapshots = parts.filter { $0.snapshot != nil }
            #expect(snapshots.map(\.isContinued) == Array(repeating: true, count: snapshots.count - 1) + [false])
            #expect(snapshots.last?.receivedAt == whole.receivedAt)
        }
    }

    /// What is no JSON costs what lies behind it, and is kept.
    @Test(arguments: ["", ",nonsense]", #",{"entity_id":"#]) func aBrokenSnapshotIsToldOnce(end: String) throws {
        let whole = frame((0..<1_000).map { Self.state($0, filling: 800) }, end: end)
        let found = outcome(try parts(whole))
        #expect(found.rows == outcome([whole]).rows)
        #expect(found.letters.count == 1)
    }

    @Test func aSnapshotOfAHouseStaysWhole() {
        #expect(SnapshotDivision(frame((0..<300).map { Self.state($0, filling: 800) })) == nil)
        #expect(SnapshotDivision(ReceivedFrame(connection: home, bytes: Array("[]".utf8))) == nil)
    }

    // MARK: The pump

    /// A queue with its pump, and nobody who writes.
    private func withPump(_ body: (SpoolQueue, SpoolSource) async throws -> Void) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-lane-\(UUID())")
        defer { try? FileManager.default.removeItem(at: place) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let spool = try EventSpool.open(SpoolConfiguration(directory: place.path), logger: logger)
        let timer = DeadlineTimer()
        let queue = SpoolQueue(spool: spool, memoryLimit: 64 << 20, timer: timer)
        let metrics = IngestMetrics(MetricsRegistry(), queue: queue, meters: MeterRegistry())
        let source = SpoolSource(queue: queue, metrics: metrics, logger: logger, held: { [] })
        let pump = SpoolPump(
            queue: queue, health: HealthRegistry(version: "test"), metrics: metrics, logger: logger, mustSync: { false }
        )
        try await withThrowingTaskGroup { group in
            group.addTask { await timer.run() }
            group.addTask { await pump.run() }
            defer {
                queue.close()
                group.cancelAll()
            }
            try await body(queue, source)
        }
    }

    private func accept(_ frame: ReceivedFrame, _ queue: SpoolQueue) {
        _ = queue.reserve(frame.bytes.count, for: frame.connection)
        queue.accept(frame)
    }

    /// What has come into the spool, one letter an item, until `isEnough`.
    private func read(
        _ queue: SpoolQueue, _ source: SpoolSource, commits: Bool = true, until isEnough: (String) -> Bool
    ) async throws -> String {
        var line = ""
        for _ in 0..<2_000 where !isEnough(line) {
            let items = await source.next(bytes: 1 << 20)
            for item in items {
                switch item.item {
                case .frame(let frame) where frame.snapshot != nil: line += frame.isContinued ? "s" : "S"
                case .frame: line += "e"
                case .barrier: line += ""
                case .sighting, .audit: line += "?"
                }
            }
            if commits { queue.committed(items) }
            if items.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        return line
    }

    @Test func eventsPassBetweenTheParts() async throws {
        let snapshot = frame((0..<3_000).map { Self.state($0, filling: 900) })
        let count = try parts(snapshot).count
        try await withPump { queue, source in
            accept(snapshot, queue)
            // Two parts are let in at once; a slow machine may see more of them.
            var line = try await read(queue, source, commits: false) { $0.count >= 2 }
            let first = line.count
            accept(ReceivedFrame(connection: ConnectionID(), bytes: Array("[]".utf8)), queue)
            line = try await read(queue, source) { $0.contains("e") }
            #expect(line.last == "e" && first + line.count < count, "\(line) of \(count)")
            line += try await read(queue, source) { $0.contains("S") }
            #expect(line.count { $0 != "e" } == count - first && line.last == "S", "\(line) of \(count)")
            #expect(queue.waitingBytes == 0)
        }
    }

    /// PostgreSQL is away: nothing is committed, and the disk takes all of it.
    @Test func partsDoNotWaitForADatabaseThatIsAway() async throws {
        let snapshot = frame((0..<2_000).map { Self.state($0, filling: 900) })
        let count = try parts(snapshot).count
        try await withPump { queue, source in
            accept(snapshot, queue)
            let line = try await read(queue, source, commits: false) { $0.contains("S") }
            #expect(line.count == count)
            #expect(queue.waitingBytes == 0)
        }
    }

    /// Whoever waits until all is committed waits for the parts, too; and so does the end.
    @Test(arguments: [false, true]) func nothingIsLeftBehind(closes: Bool) async throws {
        let snapshot = frame((0..<3_000).map { Self.state($0, filling: 900) })
        let count = try parts(snapshot).count
        try await withPump { queue, source in
            accept(snapshot, queue)
            let first = try await read(queue, source, commits: false) { $0.count >= 2 }.count
            async let committed: Void = queue.committed()
            if closes { queue.close() }
            let line = try await read(queue, source) { $0.contains("S") }
            #expect(line.count == count - first)
            if !closes { await committed }
        }
    }
}
