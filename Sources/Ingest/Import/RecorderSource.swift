import BridgeCore
import Store

/// Home Assistant's own database: the recorder's.
///
/// Rows are read in the order of their ids, in which the recorder writes them. Nothing is locked between two pages.
struct RecorderSource: ImportSource {
    let kind = ImportKind.recorder
    let database: any HistoryDatabase
    let schema: RecorderSchema

    /// Looks whether `database` is a recorder's. Throws `ImportError`.
    init(_ database: any HistoryDatabase) async throws {
        self.database = database
        schema = try await RecorderSchema(of: database)
    }

    var name: String { database.name }
    var fingerprint: String { schema.fingerprint }
    var phases: [ImportPhase] {
        ImportPhase.allCases.filter { schema.has($0) && (!$0.isStatistics || schema.hasSeries) }
    }

    /// Rows of a page. Each has at most 16 KiB of attributes, and a page in memory is the most that is held.
    static let pageSize = 4_000

    func extent(of phase: ImportPhase, _ range: Range<Timestamp>) async throws -> ImportExtent? {
        let table = phase.isStatistics ? "statistics_meta" : schema.table(of: phase)
        let id = schema.id(of: phase)
        // Each alone is one probe of the primary key.
        let row = try await database.rows(
            "SELECT (SELECT min(\(id)) FROM \(table)), (SELECT max(\(id)) FROM \(table))"
        ).first
        guard let first = row?.first?.integer, let last = row?.last?.integer else { return nil }
        guard !phase.isStatistics, range != .everything, let times = schema.timeCondition(of: phase, range) else {
            return ImportExtent(numbers: first...last)
        }
        let part = try await database.rows("SELECT min(\(id)), max(\(id)) FROM \(table) WHERE \(times)").first
        guard let first = part?.first?.integer, let last = part?.last?.integer else { return nil }
        return ImportExtent(numbers: first...last)
    }

    func page(
        of phase: ImportPhase, after position: ImportPosition?, in extent: ImportExtent, _ range: Range<Timestamp>
    ) async throws -> ImportPage {
        if phase.isStatistics { return try await statistics(of: phase, after: position, range) }
        let after = max(position?.number ?? .min, extent.numbers.lowerBound - 1)
        guard after < extent.numbers.upperBound else { return ImportPage() }
        var condition = "\(schema.id(of: phase)) > \(after) AND \(schema.id(of: phase)) <= \(extent.numbers.upperBound)"
        if range != .everything, let times = schema.timeCondition(of: phase, range) { condition += " AND \(times)" }
        let rows = try await database.rows(
            phase == .states ? schema.states(condition, Self.pageSize) : schema.events(condition, Self.pageSize))
        var page = ImportPage()
        page.rows = rows.count
        page.changes.reserveCapacity(rows.count)
        for row in rows {
            switch phase == .states ? schema.state(row) : schema.event(row) {
            case .unusable: page.unusable += 1
            case .nothing: break
            case .change(let change): if range.contains(change.time) { page.changes.append(change) }
            }
        }
        page.next = rows.last?.first?.integer.map { ImportPosition(phase, number: $0) }
        return page
    }

    func close() async { await database.close() }
}

extension ImportPhase {
    /// Whether its rows are statistics, one series after the other.
    var isStatistics: Bool { self == .statistics || self == .shortTermStatistics }

    /// The roll-up that its rows belong into.
    var level: StatisticsRepository.Level { self == .statistics ? .hour : .fiveMinutes }
}

extension Range<Timestamp> {
    /// All of time.
    static var everything: Range<Timestamp> { Timestamp(microseconds: .min)..<Timestamp(microseconds: .max) }
}
