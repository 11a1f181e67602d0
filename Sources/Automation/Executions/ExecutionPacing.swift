import BridgeCore

/// When the runs of automations are read and written.
package struct ExecutionPacing: Sendable {
    /// From one look at all traces to the next, for runs of which no event tells: those that their conditions stopped.
    package var sweep: Duration = .seconds(30)
    /// A house with so many traces that this would be exceeded is looked at less often.
    package var sweepBytesPerSecond = 50_000
    /// When more automations than this are told of at once, all are looked at together.
    package var atOnceLimit = 50
    /// At least this lies between two looks at all traces, whatever is told.
    package var betweenSweeps: Duration = .seconds(2)
    /// From one look at an automation that is triggered in a burst to the next. Home Assistant keeps five traces.
    package var firstPoll: Duration = .milliseconds(100)
    /// Each look that finds nothing new doubles the pause; past this one they end.
    package var lastPoll: Duration = .milliseconds(1_600)
    /// Automations that are looked at at once.
    package var listingsAtOnce = 4
    /// Traces that are read at once.
    package var detailsAtOnce = 6
    /// What gathers in this time is written in one transaction.
    package var gathering: Duration = .milliseconds(100)
    /// How long a triggered run may be without a trace before its outcome counts as lost. Whole seconds.
    package var grace: Duration = .seconds(60)
    /// From one look for what is left over, lost traces and reversals by hand, to the next.
    package var housekeeping: Duration = .seconds(30)
    /// Between two computations of the figures of an automation with very many executions.
    package var largeFigures: Duration = .seconds(60)
    /// Between two looks at the stored automations while one that was triggered is not among them.
    package var directory: Duration = .seconds(2)
    /// How far back stored events are searched for runs that have no row, when a process sees a house or an automation first.
    package var reach: Duration = .seconds(30 * 86_400)
    /// After a failure.
    package var retry = RetryPolicy(first: .seconds(1), cap: .seconds(60))
    /// For one answer of Home Assistant.
    package var answerLimit: Duration = .seconds(30)
    /// Runs that wait to be written; with more, none are read until some are.
    package var waitingLimit = 5_000
    /// Runs whose steps wait to be read; of more, only the summary is kept.
    package var detailLimit = 30_000

    /// The pacing of a house.
    package init() {}
}
