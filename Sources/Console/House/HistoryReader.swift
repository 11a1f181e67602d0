import BridgeCore
import PostgresClient
import Store

/// Reads the past of an entity in as many points as are wanted: its events where they are few, else its roll-ups, and of what is
/// not rolled up yet the events again.
struct HistoryReader {
    /// States in a row are often the same; so many events at most are looked at before roll-ups are taken.
    private static let eventsPerPoint = 4
    /// So many events at most stand for what is not rolled up yet.
    private static let tailLimit = 10_000

    private let repository: HistoryRepository
    private let isNumber: Bool

    init(_ pool: PostgresPool, entity: EntityState) {
        repository = HistoryRepository(pool, connection: entity.connectionID, entity: entity.entityID)
        isNumber = entity.isNumber
    }

    /// The past of `range` in at most `points` points. Throws `PostgresError`.
    func read(_ range: Range<Timestamp>, points: Int) async throws -> HistoryCurve {
        let before = try await repository.eventBefore(range.lowerBound)
        if let curve = try await events(range, points: points, before: before) { return curve }
        return try await rollups(range, points: points, before: before)
    }

    /// The events themselves; `nil` where they are too many, or retention has taken some that the roll-ups know.
    private func events(
        _ range: Range<Timestamp>, points: Int, before: HistorySample?
    ) async throws -> HistoryCurve? {
        let limit = isNumber ? points : points * Self.eventsPerPoint
        let samples = try await repository.first(limit, in: range)
        guard samples.count < limit else { return nil }
        if before == nil {
            let known = range.lowerBound..<(samples.first?.at ?? range.upperBound)
            for tier in [HistoryTier.hour, .day] {
                let older = try await repository.buckets(tier, in: known, ofNumbers: true)
                if older.contains(where: { $0.end <= known.upperBound }) { return nil }
            }
        }
        let curve = HistoryCurve.events(samples, before: before, in: range, isNumber: isNumber)
        return curve.count <= points ? curve : nil
    }

    private func rollups(
        _ range: Range<Timestamp>, points: Int, before: HistorySample?
    ) async throws -> HistoryCurve {
        // One point is the state before.
        let grid = HistoryGrid(range, points: isNumber ? points - 1 : points / 2 - 1)
        let edge = try await repository.rolledUpUntil(in: range)
        var tail = try await repository.last(Self.tailLimit, in: max(range.lowerBound, edge)..<range.upperBound)
        // Behind this moment the events tell; before it the roll-ups.
        let tailStart = tail.count < Self.tailLimit ? max(range.lowerBound, edge) : tail.first?.at ?? edge
        var buckets = try await layers(grid.tier, range.lowerBound..<tailStart)
        let first = buckets.first?.start ?? tailStart
        if let coarser = grid.tier.coarser, first > range.lowerBound.adding(seconds: coarser.seconds) {
            buckets.insert(contentsOf: try await older(coarser, range.lowerBound..<first), at: 0)
        }
        if buckets.isEmpty, tailStart > range.lowerBound {
            // No roll-ups are made yet.
            tail = try await repository.last(Self.tailLimit, in: range)
        }
        buckets.removeAll { $0.start >= tailStart }
        var held = before
        if held == nil { held = try await repository.rolledUpBefore(range.lowerBound) }
        return HistoryCurve.rollups(
            buckets, tail: tail, before: held, in: range, grid: grid, isNumber: isNumber)
    }

    /// The roll-up of `tier`, and where that is not made yet the finer one.
    private func layers(_ tier: HistoryTier, _ range: Range<Timestamp>) async throws -> [HistoryBucket] {
        guard range.lowerBound < range.upperBound else { return [] }
        var rows = try await repository.buckets(tier, in: range, ofNumbers: isNumber)
        if let finer = tier.finer {
            // The newest rows may be about to be made again.
            let fresh = range.upperBound.adding(seconds: -2 * tier.seconds)
            let start = rows.first { $0.start >= fresh }?.start ?? rows.last?.end ?? range.lowerBound
            rows.removeAll { $0.start >= start }
            if start < range.upperBound {
                rows += try await layers(finer, max(range.lowerBound, start)..<range.upperBound)
                    .filter { $0.start >= start }
            }
        }
        return rows
    }

    /// The roll-up of `tier` where retention has taken the rows of a finer one, and before it the coarser one.
    private func older(_ tier: HistoryTier, _ range: Range<Timestamp>) async throws -> [HistoryBucket] {
        var rows = try await repository.buckets(tier, in: range, ofNumbers: isNumber)
            .filter { $0.end <= range.upperBound }
        let first = rows.first?.start ?? range.upperBound
        if let coarser = tier.coarser, first > range.lowerBound.adding(seconds: coarser.seconds) {
            rows.insert(contentsOf: try await older(coarser, range.lowerBound..<first), at: 0)
        }
        return rows
    }
}

extension HistoryTier {
    var finer: HistoryTier? {
        switch self {
        case .fiveMinutes: nil
        case .hour: .fiveMinutes
        case .day: .hour
        }
    }

    var coarser: HistoryTier? {
        switch self {
        case .fiveMinutes: .hour
        case .hour: .day
        case .day: nil
        }
    }
}
