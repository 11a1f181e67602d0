import Foundation
import Glibc

/// Prints what was measured: figures to standard output, progress to a terminal at standard error.
enum EvaluationReport {
    private static let showsProgress = isatty(STDERR_FILENO) == 1

    /// Shows how far something has come; nothing where nobody watches.
    static func progress(_ what: String, _ done: Int, _ total: Int?) {
        guard showsProgress else { return }
        let count = total.map { "\(done) of \($0)" } ?? "\(done)"
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(what): \(count)".utf8))
        if done == total { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    }

    /// Prints one figure.
    static func line(_ name: String, _ value: String) {
        if showsProgress { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
        say(name.padding(toLength: max(34, name.count), withPad: " ", startingAt: 0) + " " + value)
    }

    /// What the model added to the memory of the process, a text encoded.
    static func model(before: Int) {
        line("Memory of the model, MiB", number(Double(ResidentMemory.current.now - before) / 1_048_576, 1))
    }

    static func load(_ report: HomeLoader.Report) {
        line("Time zone", report.timeZone ?? "none fits the local times of the folder: UTC")
        line("Events stored", "\(report.events)")
        line("Loading, events/s", number(rate(report.events, report.took), 0))
    }

    static func embedding(_ report: EmbeddingStep.Report, encoder: MeasuredEncoder?, storage: Storage) {
        line("Embedder", report.version)
        line("Keys, vectors stored", "\(storage.documents), \(storage.exemplars)")
        line("Vectors made, copied", "\(report.made), \(report.copied)")
        line("Making vectors, seconds", number(report.took.inMilliseconds / 1_000, 1))
        if let encoder {
            let total = encoder.total
            line("Texts through the model", "\(total.texts)")
            line(
                "Uncached text, ms in batches",
                number(total.texts == 0 ? 0 : total.took.inMilliseconds / Double(total.texts), 2))
            line("Cache of texts", "\(report.hits) hits, \(report.misses) misses")
        }
        line("Bytes/event, with everything", "\(storage.bytesPerEvent)")
    }

    static func questions(_ outcome: QueryRunner.Outcome, file: String) {
        line("Answers", "\(file), \(outcome.run.lines.count) questions")
        line("Question in words, ms p50, p95", spread(outcome.textTimes))
        line("Events like one, ms p50, p95", spread(outcome.similarTimes))
    }

    static func scores(_ scores: Scores?, title: String) {
        guard let scores else { return line(title, "the folder has no score.py") }
        say("\n\(title)")
        for entry in scores.lines { line("  " + entry.name, entry.figures) }
        say("")
    }

    static func exact(_ outcome: ExactRunner.Outcome, scores: Scores?, stored: Scores?, _ run: RankedRun) {
        line("Different sentences, keys", "\(outcome.sentences), \(outcome.keys)")
        if outcome.sentenceTimes.count > 0 {
            line("Uncached text alone, ms p50, p95", spread(outcome.sentenceTimes))
        }
        line("Cached event vector, ms p50, p95", spread(outcome.vectorTimes, 3))
        Self.scores(scores, title: "In memory, exact")
        if let scores, let stored {
            line("Greatest loss of nDCG@10", number(stored.greatestLoss(against: scores), 4))
        }
        line("Same among the first 10", number(run.overlap(with: outcome.run, first: 10), 4))
    }

    static func memory() {
        let memory = ResidentMemory.current
        line("Resident memory, MiB now, most", "\(memory.now >> 20), \(memory.most >> 20)")
    }

    // Written at once, so that a reader behind a pipe sees it when it is measured.
    private static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    // MARK: Numbers

    private static func spread(_ durations: Durations, _ digits: Int = 1) -> String {
        "\(number(durations.percentile(0.5), digits)), \(number(durations.percentile(0.95), digits))"
    }

    private static func rate(_ count: Int, _ took: Duration) -> Double {
        took > .zero ? Double(count) / took.inMilliseconds * 1_000 : 0
    }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
