import BridgeCore
import Store

/// Equal stretches of time into which a longer one is cut, and the roll-up that they are made of.
struct HistoryGrid {
    let start: Timestamp
    /// The length of a stretch, a multiple of the tier's.
    let seconds: Int64
    let tier: HistoryTier

    /// At most `points` stretches of the finest tier of which few rows make one.
    init(_ range: Range<Timestamp>, points: Int) {
        start = range.lowerBound
        let span = (range.upperBound.microseconds - range.lowerBound.microseconds + 999_999) / 1_000_000
        let wanted = max(1, (span + Int64(points) - 1) / Int64(max(1, points)))
        let tier: HistoryTier = wanted < 3_600 ? .fiveMinutes : wanted < 86_400 ? .hour : .day
        self.tier = tier
        seconds = (wanted + tier.seconds - 1) / tier.seconds * tier.seconds
    }

    /// Which stretch a moment lies in; one before the start lies in the first.
    func index(of time: Timestamp) -> Int64 {
        max(0, (time.microseconds - start.microseconds) / (seconds * 1_000_000))
    }

    /// The start of a stretch.
    func start(of index: Int64) -> Timestamp { start.adding(seconds: index * seconds) }
}

/// The past of an entity, as a plot takes it: numbers in the order of time, or stretches of one state.
struct HistoryCurve: Equatable {
    /// A number that holds until the next one.
    struct Sample: Equatable {
        let at: Timestamp
        let value: Double?
        let state: String?
    }

    /// What a number was in one stretch of time.
    struct Bucket: Equatable {
        let at: Timestamp
        let minimum: Double?
        let maximum: Double?
        let mean: Double?
        let last: Double?
        let samples: Int
    }

    /// A stretch of one state.
    struct Segment: Equatable {
        let from: Timestamp
        var to: Timestamp
        let state: String
    }

    enum Points: Equatable {
        case samples([Sample])
        case buckets([Bucket])
        case segments([Segment])
    }

    let points: Points
    /// What it is made of; `nil` for events.
    let tier: HistoryTier?
    /// How long each of `buckets` is.
    let bucketSeconds: Int64?

    var count: Int {
        switch points {
        case .samples(let list): list.count
        case .buckets(let list): list.count
        case .segments(let list): list.count
        }
    }

    // MARK: Events

    /// The curve of events, which begins with the state before them.
    static func events(
        _ samples: [HistorySample], before: HistorySample?, in range: Range<Timestamp>, isNumber: Bool
    ) -> HistoryCurve {
        var all = samples
        if let before, samples.first?.at != range.lowerBound {
            all.insert(HistorySample(at: range.lowerBound, state: before.state, value: before.value), at: 0)
        }
        let points: Points =
            isNumber
            ? .samples(all.map { Sample(at: $0.at, value: $0.value, state: $0.state) })
            : .segments(segments(of: all, until: range.upperBound))
        return HistoryCurve(points: points, tier: nil, bucketSeconds: nil)
    }

    private static func segments(of samples: [HistorySample], until end: Timestamp) -> [Segment] {
        var segments: [Segment] = []
        for (index, sample) in samples.enumerated() {
            let to = index + 1 < samples.count ? samples[index + 1].at : end
            append(sample.state, sample.at, to, to: &segments)
        }
        return segments
    }

    /// Adds a stretch; one of the same state goes on. Without a state there is none: the entity was removed.
    private static func append(_ state: String?, _ from: Timestamp, _ to: Timestamp, to segments: inout [Segment]) {
        guard let state, from < to else { return }
        if let last = segments.last, last.state == state, last.to == from {
            segments[segments.count - 1].to = to
        } else {
            segments.append(Segment(from: from, to: to, state: state))
        }
    }

    // MARK: Roll-ups

    /// The curve of roll-ups and, behind them, of events that are not rolled up yet.
    static func rollups(
        _ buckets: [HistoryBucket], tail: [HistorySample], before: HistorySample?, in range: Range<Timestamp>,
        grid: HistoryGrid, isNumber: Bool
    ) -> HistoryCurve {
        let rows = buckets + tailBuckets(tail, until: range.upperBound, grid: grid)
        var groups: [(index: Int64, bucket: HistoryBucket)] = []
        for row in rows {
            let index = grid.index(of: row.start)
            if let last = groups.last, last.index == index {
                groups[groups.count - 1].bucket.join(row)
            } else {
                groups.append((index, row))
            }
        }
        let points: Points =
            isNumber
            ? .buckets(numbers(groups, before: before, grid: grid))
            : .segments(states(groups, before: before, in: range, grid: grid))
        return HistoryCurve(points: points, tier: grid.tier, bucketSeconds: grid.seconds)
    }

    private static func numbers(
        _ groups: [(index: Int64, bucket: HistoryBucket)], before: HistorySample?, grid: HistoryGrid
    ) -> [Bucket] {
        var points = groups.map { index, row in
            Bucket(
                at: grid.start(of: index), minimum: row.minimum, maximum: row.maximum, mean: row.mean,
                last: row.lastValue, samples: row.samples)
        }
        if let before, points.first?.at != grid.start {
            let value = before.value
            points.insert(
                Bucket(at: grid.start, minimum: value, maximum: value, mean: value, last: value, samples: 0), at: 0)
        }
        return points
    }

    /// Of each stretch the state that held longest, and between two stretches the one that held on.
    private static func states(
        _ groups: [(index: Int64, bucket: HistoryBucket)], before: HistorySample?, in range: Range<Timestamp>,
        grid: HistoryGrid
    ) -> [Segment] {
        var segments: [Segment] = []
        var held = before?.state
        var position = range.lowerBound
        for (index, row) in groups {
            let start = max(position, grid.start(of: index))
            append(held, position, start, to: &segments)
            let end = min(range.upperBound, grid.start(of: index + 1))
            // Of equal ones the first by name, so that the answer is the same each time.
            let longest = row.stateSeconds.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
            append(longest ?? row.lastState, start, end, to: &segments)
            held = row.lastState
            position = max(position, end)
        }
        append(held, position, range.upperBound, to: &segments)
        return segments
    }

    /// Events as buckets of the grid, each state weighted by how long it held within its stretch.
    private static func tailBuckets(
        _ samples: [HistorySample], until end: Timestamp, grid: HistoryGrid
    ) -> [HistoryBucket] {
        samples.enumerated().map { position, sample in
            let next = position + 1 < samples.count ? samples[position + 1].at : end
            let edge = min(next, grid.start(of: grid.index(of: sample.at) + 1))
            let seconds = Double(max(0, edge.microseconds - sample.at.microseconds)) / 1_000_000
            return HistoryBucket(
                start: sample.at, seconds: Int64(seconds), minimum: sample.value, maximum: sample.value,
                mean: sample.value, knownSeconds: sample.value == nil ? 0 : seconds, lastValue: sample.value,
                lastState: sample.state,
                stateSeconds: sample.value == nil ? sample.state.map { [$0: seconds] } ?? [:] : [:])
        }
    }
}

extension HistoryBucket {
    /// Takes a later row of the same stretch in.
    mutating func join(_ other: HistoryBucket) {
        minimum = [minimum, other.minimum].compactMap { $0 }.min()
        maximum = [maximum, other.maximum].compactMap { $0 }.max()
        switch (mean, other.mean) {
        case (let first?, let second?):
            let weight = knownSeconds + other.knownSeconds
            // Shares, so that no sum is out of range.
            mean =
                weight > 0
                ? first * (knownSeconds / weight) + second * (other.knownSeconds / weight)
                : first / 2 + second / 2
        case (nil, let second): mean = second
        default: break
        }
        knownSeconds += other.knownSeconds
        lastValue = other.lastValue
        lastState = other.lastState
        samples += other.samples
        stateSeconds.merge(other.stateSeconds, uniquingKeysWith: +)
    }
}
