import BridgeCore
import Store

extension Score {
    /// The score in words: “74: 3 of 41 runs failed in the last two weeks; 2 were undone by hand”.
    package func words(at moment: Timestamp) -> String {
        guard let hundredths else { return Self.tooLittle(facts) }
        return "\(hundredths / 100): " + reasons(at: moment)
    }

    /// The same without the number.
    package func reasons(at moment: Timestamp) -> String {
        [failures, undone, unseen, slower, liveliness(at: moment)].compactMap(\.self).joined(separator: "; ")
    }

    private static func tooLittle(_ facts: ScoreFacts) -> String {
        let runs = Words.count(facts.executions, "run", none: "no run")
        guard facts.executions > facts.known else {
            return
                "Not scored: it takes \(minimumRuns) runs, and there \(facts.executions < 2 ? "was" : "were") \(runs) "
                + "in the last 30 days"
        }
        let seen = facts.known == 0 ? "none was" : facts.known == 1 ? "only one was" : "only \(facts.known) were"
        return
            "Not scored: it takes \(minimumRuns) runs of which the end was seen; of \(runs) in the last 30 days \(seen)"
    }

    private var failures: String {
        let before = facts.failures - facts.recentFailures
        switch facts.recentExecutions {
        case 0:
            let runs = facts.executions
            return
                "no run in the last two weeks; \(facts.failures == 0 ? "none" : "\(facts.failures)") of \(runs) before failed"
        case 1:
            let end = facts.recentFailures == 1 ? "failed" : "did not fail"
            return "its only run in the last two weeks \(end)" + (before > 0 ? ", \(before) before that did" : "")
        case let runs:
            let count = facts.recentFailures == 0 ? "none" : "\(facts.recentFailures)"
            return "\(count) of \(runs) runs failed in the last two weeks"
                + (before > 0 ? ", \(before) before that" : "")
        }
    }

    private var undone: String? {
        guard facts.undone > 0 else { return nil }
        let recent = facts.recentUndone
        if recent == 0 {
            return "\(facts.undone) \(facts.undone == 1 ? "was" : "were") undone by hand more than two weeks ago"
        }
        return "\(recent) \(recent == 1 ? "was" : "were") undone by hand"
    }

    private var unseen: String? {
        let count = facts.executions - facts.known
        return count == 0 ? nil : "how \(count) ended is not known"
    }

    private var slower: String? {
        guard let parts, parts.speed < Weight.speed * 100, let present = facts.presentMedian,
            let earlier = facts.earlierMedian
        else { return nil }
        return "a run takes \(Words.time(present)) now, \(Words.time(earlier)) before"
    }

    private func liveliness(at moment: Timestamp) -> String? {
        switch vitality {
        case .running, .paused: return nil
        case .unavailable: return "Home Assistant reports it unavailable"
        case .entitiesMissing: return "it names entities that do not exist"
        case .silent:
            guard let last = facts.lastExecution, let usual = facts.usualInterval else { return nil }
            let silence = Double(moment.microseconds - last.microseconds) / 1_000_000
            return
                "it has not run for \(Words.span(silence)), where \(Words.span(max(usual, Self.leastInterval))) is usual"
        }
    }
}

/// Counts and lengths of time in words.
enum Words {
    /// `1 run`, `3 runs`, or `none`.
    static func count(_ number: Int, _ noun: String, none: String) -> String {
        number == 0 ? none : number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    /// A run time: `380 ms`, `2.4 s`, `90 s`, `12 min`.
    static func time(_ milliseconds: Double) -> String {
        switch milliseconds {
        case ..<1_000: "\(Int(milliseconds.rounded())) ms"
        case ..<10_000: "\(Int(milliseconds / 1_000)).\(Int(milliseconds) % 1_000 / 100) s"
        case ..<120_000: "\(Int((milliseconds / 1_000).rounded())) s"
        case ..<7_200_000: "\(Int((milliseconds / 60_000).rounded())) min"
        default: "\(Int((milliseconds / 3_600_000).rounded())) h"
        }
    }

    /// A long span in whole hours or days: `5 hours`, `1 day`.
    static func span(_ seconds: Double) -> String {
        let hours = Int(seconds / 3_600)
        return hours < 24 ? count(hours, "hour", none: "less than an hour") : count(hours / 24, "day", none: "")
    }
}
