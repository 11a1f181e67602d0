import BridgeCore
import Foundation

/// What a system answered to each question: the lines of RUN.jsonl.
struct RankedRun: Sendable, Equatable {
    /// How many ids a line holds.
    static let depth = 20

    /// In their order: the question's id, and the folder's ids of events, best first.
    private(set) var lines: [(query: String, ids: [String])] = []

    static func == (left: RankedRun, right: RankedRun) -> Bool {
        left.lines.elementsEqual(right.lines) { $0.query == $1.query && $0.ids == $1.ids }
    }

    /// Adds an answer; what is beyond `depth` is left out.
    mutating func add(_ query: String, _ ids: some Sequence<String>) {
        lines.append((query, Array(ids.prefix(Self.depth))))
    }

    /// JSON, one object a line.
    var text: String {
        lines.map { line in
            var output = Array("{\"qid\":".utf8)
            JSONText.appendQuoted(line.query, to: &output)
            output += Array(",\"ids\":[".utf8)
            for (number, id) in line.ids.enumerated() {
                if number > 0 { output.append(0x2C) }
                JSONText.appendQuoted(id, to: &output)
            }
            return String(decoding: output, as: UTF8.self) + "]}\n"
        }.joined()
    }

    /// Writes the file. Throws `EvaluationError`.
    func write(to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw EvaluationError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// The mean share of ids that `other` found as well, by question.
    func overlap(with other: RankedRun, first count: Int) -> Double {
        let others = Dictionary(other.lines.map { ($0.query, Set($0.ids.prefix(count))) }) { first, _ in first }
        let shares = lines.compactMap { line -> Double? in
            guard let found = others[line.query], !found.isEmpty else { return nil }
            return Double(found.intersection(line.ids.prefix(count)).count) / Double(found.count)
        }
        return shares.isEmpty ? 1 : shares.reduce(0, +) / Double(shares.count)
    }
}
