import BridgeConcurrency
import BridgeCore
import EventSpool
import Foundation
import HomeAssistantClient
import Logging
import Store
import Testing

@testable import Ingest

/// What is read back from the spool of an earlier run, and what is told of that which is gone.
@Suite struct SpoolSourceTests {
    private let home = ConnectionID()
    private let cabin = ConnectionID()

    /// Records as a run writes them: events of two houses, and each house's own word that all was seen.
    private func entries(_ numbers: ClosedRange<UInt64>) -> [SpoolEntry] {
        numbers.compactMap { number -> SpoolEntry? in
            let house = number.isMultiple(of: 2) ? home : cabin
            let time = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(number) * 1_000_000)
            let item: SpoolItem =
                number % 10 < 8
                ? .frame(ReceivedFrame(connection: house, bytes: Array("[\(number)]".utf8), receivedTime: time))
                : .sighting(Sighting(connection: house, epoch: 1, kind: .watermark, at: time))
            guard let (kind, head, body) = item.encoded() else { return nil }
            return SpoolEntry(sequence: number, kind: kind.rawValue, head: head, body: body)
        }
    }

    /// A sentence for each item that is read from a spool in which a run left `numbers`, of which PostgreSQL has `committed`.
    private func read(_ numbers: ClosedRange<UInt64>, committed: UInt64?) async throws -> [String] {
        let place = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-spool-\(UUID())")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let configuration = SpoolConfiguration(directory: place.appending(path: "spool").path)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let earlier = try leave(numbers, configuration, logger)
        let spool = try EventSpool.open(configuration, logger: logger)
        let queue = SpoolQueue(spool: spool, memoryLimit: 1 << 20, timer: DeadlineTimer())
        let registry = MetricsRegistry()
        let source = SpoolSource(
            queue: queue, metrics: IngestMetrics(registry, queue: queue, meters: MeterRegistry()),
            logger: logger, held: { [] })
        await source.skip(committed: committed.map { [earlier: $0] } ?? [:])
        var lines: [String] = []
        while case let items = await source.next(bytes: 200), !items.isEmpty { lines += items.map(Self.line) }
        return lines.map { $0.replacing("\(home)", with: "home").replacing("\(cabin)", with: "cabin") }
    }

    private func leave(
        _ numbers: ClosedRange<UInt64>, _ configuration: SpoolConfiguration, _ logger: Logger
    ) throws -> SpoolRunID {
        let spool = try EventSpool.open(configuration, logger: logger)
        try spool.append(entries(numbers))
        try spool.sync()
        return spool.run
    }

    private static func line(_ item: SpooledItem) -> String {
        switch item.item {
        case .frame: "\(item.sequence) event"
        case .sighting(let sighting):
            "\(item.sequence) \(sighting.kind) \(sighting.connection) \(sighting.at.microseconds / 1_000_000 - 1_700_000_000)"
        case .audit, .barrier: "\(item.sequence) other"
        }
    }

    @Test func goesOnBehindWhatIsCommitted() async throws {
        #expect(try await read(1...12, committed: 10) == ["11 event", "12 event"])
        #expect(try await read(5...12, committed: 10) == ["11 event", "12 event"])
        #expect(try await read(11...12, committed: 10) == ["11 event", "12 event"])
        #expect(try await read(1...2, committed: nil) == ["1 event", "2 event"])
        #expect(try await read(1...2, committed: 2) == [])
    }

    /// A database that was set back asks for what the spool let go once it was committed.
    @Test(arguments: [4, nil] as [UInt64?]) func tellsWhatASetBackDatabaseLacks(committed: UInt64?) async throws {
        #expect(
            try await read(7...12, committed: committed) == [
                // Each house's first word says that nobody has seen what was before it, once.
                "0 lost cabin 7", "0 regained cabin 7", "7 event", "0 lost home 8", "0 regained home 8",
                "8 watermark home 8", "9 watermark cabin 9", "10 event", "11 event", "12 event",
            ])
    }
}
