import Foundation

/// The figures that `score.py` of the folder gives a run.
struct Scores: Sendable, Equatable {
    /// One line of its output.
    struct Line: Sendable, Equatable {
        /// The file of questions, and the part of it.
        var name: String
        /// The rest, as printed.
        var figures: String
        var nDCG: Double
    }

    var lines: [Line]

    /// Takes the output of `score.py` apart; lines of another form are left out.
    init(output: String) {
        lines = output.split(separator: "\n").compactMap { line in
            guard let start = line.range(of: " n="), let figure = line.range(of: "nDCG@10 ") else { return nil }
            let rest = line[figure.upperBound...].prefix { $0.isNumber || $0 == "." }
            guard let value = Double(rest) else { return nil }
            return Line(
                name: line[..<start.lowerBound].trimmingCharacters(in: .whitespaces),
                figures: line[start.upperBound...].trimmingCharacters(in: .whitespaces), nDCG: value)
        }
    }

    /// Scores `run`, with the questions of `home` alone: those of other homes would count as missed. `nil` where the folder has
    /// no `score.py`.
    init?(_ run: RankedRun, folder: BenchmarkFolder, home: String) throws {
        let script = folder.directory.appending(path: "score.py")
        guard FileManager.default.fileExists(atPath: script.path) else { return nil }
        let work = FileManager.default.temporaryDirectory.appending(path: "retrieval-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: work) }
        let runFile = work.appending(path: "RUN.jsonl")
        try run.write(to: runFile.path)
        var files: [String] = []
        for name in try folder.files("queries_") + folder.files("mlt_") {
            let lines = try folder.lines(of: name, home: home)
            guard !lines.isEmpty else { continue }
            // The script looks for the judgements beside the questions.
            let judgements = name.replacingOccurrences(of: "queries", with: "qrels")
            if name.hasPrefix("queries") {
                guard FileManager.default.fileExists(atPath: folder.directory.appending(path: judgements).path) else {
                    continue
                }
                try FileManager.default.createSymbolicLink(
                    at: work.appending(path: judgements),
                    withDestinationURL: folder.directory.appending(path: judgements).absoluteURL)
            }
            let file = work.appending(path: name)
            try Data(lines.joined(separator: [0x0A])).write(to: file)
            files.append(file.path)
        }
        guard !files.isEmpty else { return nil }
        let output = try Subprocess.output(of: "python3", ["-B", script.absoluteURL.path, runFile.path] + files)
        self.init(output: String(decoding: output, as: UTF8.self))
    }

    /// How much nDCG@10 is lower here than in `other`, at worst, over all lines.
    func greatestLoss(against other: Scores) -> Double {
        let others = Dictionary(other.lines.map { ($0.name, $0.nDCG) }) { first, _ in first }
        return lines.compactMap { line in others[line.name].map { $0 - line.nDCG } }.max() ?? 0
    }
}
