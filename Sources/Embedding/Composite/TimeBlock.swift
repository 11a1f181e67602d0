import Glibc

/// The hour of the day, as 32 dimensions.
///
/// Twenty-four bins of an hour with a soft bump around an hour, because 21:55 is not far from the evening's end nor
/// 23:30 from the night's beginning. Eight are free: the kind of day would make a third more vectors, and is a condition on
/// the time of the event instead.
enum TimeBlock {
    static let dimensions = 32

    /// How narrow the bump is: its half width is about two hours.
    private static let concentration = 6.0

    /// Of an event: the bump sits at the middle of the part of the day, so that few distinct vectors arise.
    static func values(dayPart: DayPart) -> [Float] { padded(bump(around: dayPart.centre)) }

    /// Of a query: the mean of the bumps over its range of hours, or nothing.
    static func values(hours: HourRange?) -> [Float] { padded(hours.map(average) ?? []) }

    private static func padded(_ bump: [Float]) -> [Float] {
        bump + [Float](repeating: 0, count: dimensions - bump.count)
    }

    /// One value for each hour's middle, largest near `hour`: the density of von Mises without its constant.
    private static func bump(around hour: Double) -> [Float] {
        (0..<24).map { bin in
            let angle = 2 * Double.pi * (Double(bin) + 0.5 - hour) / 24
            return Float(exp(concentration * (cos(angle) - 1)))
        }
    }

    private static func average(_ range: HourRange) -> [Float] {
        let steps = max(1, Int((range.length * 4).rounded(.up)))
        var sum = [Float](repeating: 0, count: 24)
        for step in 0..<steps {
            let hour = range.start + range.length * (Double(step) + 0.5) / Double(steps)
            for (bin, value) in bump(around: hour).enumerated() { sum[bin] += value }
        }
        return sum
    }
}
