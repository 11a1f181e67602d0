import BridgeConcurrency
import BridgeCore
import Embedding
import Logging
import PostgresClient
import Store

/// How far an import has come.
package struct ImportProgress: Sendable, Equatable {
    package var phase: ImportPhase
    /// How much of the phase is done, from 0 to 1.
    package var fraction: Double
    /// Rows read in all, also before an interruption.
    package var read: Int
    /// Rows that were new.
    package var added: Int
    /// Rows read in this run alone, for the speed.
    package var readNow: Int
}

/// Brings the history of another program into `home_assistant_events`, once, however often it is begun and wherever it was stopped.
///
/// It belongs to one task and holds a page of the source and its rows in memory. Rows have the ids that live events of the same
/// states and events have, so that nothing is stored twice and a live row stays what it is.
package struct HistoryImporter {
    private let pool: PostgresPool
    private let connection: ConnectionID
    private let source: any ImportSource
    private let imports: ImportRepository
    private let partitions: PartitionRepository
    private let statistics: StatisticsRepository
    /// The time zone of the house, once it was asked for.
    private var zone: String?
    private var frames: FrameImporter
    private var builder: RecordedFrameBuilder
    /// The months for which a partition is there.
    private var months: Set<EventMonth> = []

    init(
        pool: PostgresPool, connection: ConnectionID, source: any ImportSource, house: HouseContext?, logger: Logger
    ) {
        self.pool = pool
        self.connection = connection
        self.source = source
        imports = ImportRepository(pool)
        partitions = PartitionRepository(pool)
        statistics = StatisticsRepository(pool)
        frames = FrameImporter(pool: pool, connection: connection, house: house, as: .imported, logger: logger)
        builder = RecordedFrameBuilder(connection: connection)
    }

    /// Rows of one transaction, about.
    private static let batchSize = 4_000

    /// Reads all of `range`, going on where an earlier import of the same history was stopped, and returns what became of it.
    ///
    /// Throws `ImportError` where the source cannot be read, and `PostgresError`; what was stored stays, and the next call goes on
    /// behind it.
    package mutating func run(
        range: Range<Timestamp>?, onProgress: (ImportProgress) -> Void
    ) async throws -> StoredImport {
        let wanted = range ?? .everything
        var state = try await imports.begin(
            connection, kind: source.kind, source: source.name, fingerprint: source.fingerprint, range: range)
        let id = state.id
        do {
            let before = state.rowsRead
            for phase in source.phases where !state.isPast(phase, in: source.phases) {
                guard let extent = try await source.extent(of: phase, wanted) else { continue }
                var position = state.position?.phase == phase ? state.position : nil
                while true {
                    try Task.checkCancellation()
                    let page = try await source.page(of: phase, after: position, in: extent, wanted)
                    guard let next = page.next else { break }
                    var added = try await store(page.changes)
                    var unusable = page.unusable
                    if !page.statistics.isEmpty {
                        let outcome = try await store(page.statistics, of: phase)
                        added += outcome.added
                        unusable += outcome.unusable
                    }
                    CrashPoint.insideImport.reach()
                    let times = page.changes.lazy.map(\.time)
                    state = try await imports.advance(
                        id, to: next, read: page.rows, added: added, unusable: unusable,
                        oldest: times.min(), newest: times.max())
                    position = next
                    onProgress(
                        ImportProgress(
                            phase: phase, fraction: extent.fraction(at: next.number), read: state.rowsRead,
                            added: state.rowsAdded, readNow: state.rowsRead - before))
                }
            }
            return try await imports.finish(id)
        } catch {
            // The row tells what stopped it; where the database itself is the reason, nothing can be written there.
            try? await imports.record("\(error)", for: id)
            throw error
        }
    }

    /// What the source holds, without storing anything: rows of each phase are counted, and their first and last moments.
    package func survey(
        range: Range<Timestamp>?, onProgress: (ImportProgress) -> Void
    ) async throws -> [ImportSurvey] {
        let wanted = range ?? .everything
        var surveys: [ImportSurvey] = []
        var read = 0
        for phase in source.phases {
            var survey = ImportSurvey(phase: phase)
            if let extent = try await source.extent(of: phase, wanted) {
                var position: ImportPosition?
                while let next = try await add(phase, after: position, extent, wanted, to: &survey) {
                    position = next
                    onProgress(
                        ImportProgress(
                            phase: phase, fraction: extent.fraction(at: next.number), read: read + survey.rows,
                            added: 0,
                            readNow: read + survey.rows))
                }
            }
            read += survey.rows
            surveys.append(survey)
        }
        return surveys
    }

    private func add(
        _ phase: ImportPhase, after position: ImportPosition?, _ extent: ImportExtent, _ range: Range<Timestamp>,
        to survey: inout ImportSurvey
    ) async throws -> ImportPosition? {
        try Task.checkCancellation()
        let page = try await source.page(of: phase, after: position, in: extent, range)
        survey.rows += page.changes.count + page.statistics.count
        survey.unusable += page.unusable
        for time in page.changes.map(\.time) + page.statistics.map(\.start) {
            survey.oldest = min(survey.oldest ?? time, time)
            survey.newest = max(survey.newest ?? time, time)
        }
        return page.next
    }

    // MARK: Rows

    /// Stores `changes` in transactions of one month each, and returns how many rows are new.
    private mutating func store(_ changes: [RecordedChange]) async throws -> Int {
        var added = 0
        let known = try await liveEvents(among: changes)
        var month: EventMonth?
        var count = 0
        for change in changes {
            if case .event(let event) = change, known.contains(LiveEvent(event)) { continue }
            let other = EventMonth(of: change.time)
            if count > 0, other != month || count >= Self.batchSize || builder.count > 4 << 20 {
                added += try await frames.write([builder.take()])
                count = 0
            }
            if other != month || count == 0, let other { try await prepare(other) }
            month = other
            builder.append(change)
            count += 1
        }
        if count > 0 { added += try await frames.write([builder.take()]) }
        return added
    }

    /// Puts one series of statistics into the roll-ups, in the unit that the entity has now; and returns how many rows are new, and
    /// how many are of a unit from which nothing leads there.
    private mutating func store(
        _ rows: [RecordedStatistic], of phase: ImportPhase
    ) async throws -> (added: Int, unusable: Int) {
        guard let name = rows.first?.name else { return (0, 0) }
        // What is no entity has no unit but its own.
        let unit = name.contains(":") ? nil : try await statistics.unit(of: name, connection)
        let converted = rows.compactMap { $0.converted(to: unit) }
        guard let first = converted.first?.start, let last = converted.last?.start else { return (0, rows.count) }
        let stored = converted.map { row in
            var stored = StoredStatistic(name: name, start: row.start)
            stored.minimum = row.minimum
            stored.maximum = row.maximum
            stored.mean = row.mean
            stored.state = row.state
            stored.change = row.change
            stored.lastReset = row.lastReset
            return stored
        }
        let added = try await statistics.store(stored, of: connection, in: phase.level)
        if phase == .statistics {
            if zone == nil { zone = try await statistics.zone(of: connection) }
            _ = try await statistics.makeDays(of: name, connection, from: first, to: last, zone: zone ?? "UTC")
        }
        return (added, rows.count - converted.count)
    }

    /// Makes the partition of a month where it is missing, so that years of history do not end up in the default partition.
    private mutating func prepare(_ month: EventMonth) async throws {
        guard !months.contains(month), Self.plausible.contains(month.start),
            month.start < Timestamp.now.adding(seconds: 86_400)
        else { return }
        _ = try await partitions.ensureEventPartitions(from: month.start, to: month.start)
        months.insert(month)
    }

    /// Home Assistant is no older than this: what claims to be comes from a clock that was wrong.
    private static let plausible = Timestamp(microseconds: 1_356_998_400_000_000)...

    /// What tells a live event from others, but for its bytes.
    private struct LiveEvent: Hashable {
        var type: [UInt8]
        var time: Timestamp
        var context: [UInt8]

        init(_ event: RecordedEvent) {
            type = event.type
            time = event.time
            context = event.context.id ?? []
        }

        init(_ key: RecordedEventKey) {
            type = Array(key.type.utf8)
            time = key.time
            context = Array((key.context ?? "").utf8)
        }
    }

    /// The events among `changes` that were seen live. Their bytes may differ from those that were recorded: a newer Home Assistant
    /// sends more, and the recorder keeps no data of more than 32 KiB. Then their ids differ, too.
    private func liveEvents(among changes: [RecordedChange]) async throws -> Set<LiveEvent> {
        let keys = changes.compactMap { change -> RecordedEventKey? in
            guard case .event(let event) = change else { return nil }
            return RecordedEventKey(
                type: String(decoding: event.type, as: UTF8.self), time: event.time,
                context: event.context.id.map { String(decoding: $0, as: UTF8.self) })
        }
        guard !keys.isEmpty else { return [] }
        return Set(try await imports.liveEvents(among: keys, of: connection).map(LiveEvent.init))
    }
}

/// What a source holds of one phase.
package struct ImportSurvey: Sendable, Equatable {
    package let phase: ImportPhase
    /// Rows within the range that was asked for.
    package var rows = 0
    /// Rows without a name or a time.
    package var unusable = 0
    package var oldest: Timestamp?
    package var newest: Timestamp?

    init(phase: ImportPhase) { self.phase = phase }
}
