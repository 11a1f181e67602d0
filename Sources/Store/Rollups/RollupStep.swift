/// What one step of making roll-ups has done.
package struct RollupStep: Sendable, Equatable {
    /// How many 5 minutes, hours or days were looked at.
    package var buckets = 0
    /// How many rows were written.
    package var rows = 0
    /// Whether the same step has more to do.
    package var isUnfinished = false

    package init(buckets: Int = 0, rows: Int = 0, isUnfinished: Bool = false) {
        self.buckets = buckets
        self.rows = rows
        self.isUnfinished = isUnfinished
    }

    /// Adds what another step did; whether anything is left is the last one's to say.
    package static func += (total: inout RollupStep, step: RollupStep) {
        total.buckets += step.buckets
        total.rows += step.rows
        total.isUnfinished = step.isUnfinished
    }
}
