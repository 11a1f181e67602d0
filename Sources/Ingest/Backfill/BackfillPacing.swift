import BridgeConcurrency

/// How hard a backfill leans on Home Assistant.
struct BackfillPacing: Sendable {
    /// Between two looks at the recorder, and two readings of the same gap.
    var betweenLooks: Duration = .seconds(10).scaled
    /// How long a recorder must have had nothing to write until it is taken to have committed: it does so every five seconds, or
    /// as seldom as the house has set it, and says of neither.
    var settling: Duration = .seconds(60).scaled
    /// The least pause after an answer; as long as the answer took where that is longer, so that at most half of Home
    /// Assistant's time goes into it.
    var betweenAnswers: Duration = .milliseconds(20)
    /// No pause after an answer is longer.
    var longestPause: Duration = .seconds(1)
    /// How long Home Assistant has for one answer.
    var answerLimit: Duration = .seconds(60)
    /// How often a command is sent again that Home Assistant does not know yet, or does not answer in time.
    var tries = 5
    /// Looks at the recorder in one go; then the gap waits for the next occasion.
    var looksInARow = 12
    /// Readings of a gap in all; then it is closed as it is.
    var passesInAll = 100
    /// A recorder with no more events than this still to write has nothing to write.
    var idleBacklog = 16

    /// The pacing of the product.
    init() {}
}

/// How much is asked for at once: an answer should be about a megabyte, whatever the house is like.
struct HistoryPlan: Sendable {
    /// What an answer should have, in bytes.
    var target = 1 << 20
    /// Entities in one command.
    private(set) var entities = 32
    /// The stretch of time that is asked for first of each group of entities, in microseconds: little, because nothing is known
    /// of them.
    let firstSpan: Int64 = 60_000_000

    private static let entityLimit = 512
    private static let shortestSpan: Int64 = 1_000_000

    /// The stretch to ask for after one of `span` microseconds gave an answer of `bytes`.
    func span(after span: Int64, bytes: Int) -> Int64 {
        let factor = min(max(Double(target) / Double(max(bytes, 1)), 0.05), 8)
        // Ten days and more in one step are no gain.
        return Int64(min(max(Double(span) * factor, Double(Self.shortestSpan)), 1e12))
    }

    /// Learns from the first answer about a group of entities how many to take next time.
    mutating func learn(firstAnswer bytes: Int) {
        if bytes < target / 8 {
            entities = min(entities * 2, Self.entityLimit)
        } else if bytes > target {
            entities = max(entities / 2, 1)
        }
    }
}
