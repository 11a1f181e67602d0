import Foundation

/// A folder of the benchmark's format: `homeX_events.jsonl[.gz]`, `homeX_entities.jsonl`, `queries_*.jsonl`, `mlt_*.jsonl`.
struct BenchmarkFolder: Sendable {
    /// An entity as a registry lists it. What else the folder says of it is the truth to be found, and stays unread.
    struct Entity: Sendable, Equatable {
        var entityID: String
        var name: String?
        var area: String?
        var deviceClass: String?
    }

    /// A question in words.
    struct TextQuery: Sendable, Equatable {
        var id: String
        var text: String
    }

    /// A question for events like one.
    struct SimilarQuery: Sendable, Equatable {
        var id: String
        /// The folder's id of the event.
        var eventID: String
    }

    let directory: URL

    /// Names the folder; throws `EvaluationError` when it is none.
    init(path: String) throws {
        directory = URL(fileURLWithPath: path, isDirectory: true)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue
        else { throw EvaluationError("\(path) is no directory. Name the folder of the benchmark.") }
    }

    /// The events of a home, in the order of the file. Throws `EvaluationError` with the place of what cannot be read.
    func events(of home: String) throws -> [BenchmarkEvent] {
        let name = "home\(home)_events.jsonl"
        let file = exists(name + ".gz") ? name + ".gz" : name
        guard exists(file) else {
            throw EvaluationError("\(directory.path) has no events of a home \(home): \(name) is missing.")
        }
        return try lines(of: file) { try BenchmarkEvent($0) }
    }

    /// The entities of a home; none where the folder does not list them.
    func entities(of home: String) throws -> [Entity] {
        let name = "home\(home)_entities.jsonl"
        guard exists(name) else { return [] }
        return try lines(of: name) { bytes -> Entity? in
            let line = try JSONLine(bytes)
            return line.string("entity_id").map {
                Entity(
                    entityID: $0, name: line.string("friendly_name"), area: line.string("area"),
                    deviceClass: line.string("device_class"))
            }
        }.compactMap { $0 }
    }

    /// The files whose name begins with `prefix`, in the order of their names.
    func files(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".jsonl") }.sorted()
    }

    /// The lines of a file that belong to a home, as they stand there.
    func lines(of file: String, home: String) throws -> [[UInt8]] {
        try lines(of: file) { try JSONLine($0).string("home") == home ? $0 : nil }.compactMap { $0 }
    }

    /// The questions in words of one file.
    func textQueries(in file: String, home: String) throws -> [TextQuery] {
        try lines(of: file, home: home).compactMap { bytes -> TextQuery? in
            let line = try JSONLine(bytes)
            guard let id = line.string("qid"), let text = line.string("text") else { return nil }
            return TextQuery(id: id, text: text)
        }
    }

    /// The questions for similar events of one file.
    func similarQueries(in file: String, home: String) throws -> [SimilarQuery] {
        try lines(of: file, home: home).compactMap { bytes -> SimilarQuery? in
            let line = try JSONLine(bytes)
            guard let id = line.string("qid"), let event = line.string("event_id") else { return nil }
            return SimilarQuery(id: id, eventID: event)
        }
    }

    // MARK: Files

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending(path: name).path)
    }

    private func lines<Line>(of file: String, _ read: ([UInt8]) throws -> Line) throws -> [Line] {
        let path = directory.appending(path: file).path
        let content =
            file.hasSuffix(".gz") ? try Subprocess.output(of: "gzip", ["-dc", path]) : try Self.bytes(of: path)
        var result: [Line] = []
        for (number, line) in content.split(separator: 0x0A).enumerated() {
            do {
                result.append(try read(Array(line)))
            } catch {
                throw EvaluationError("\(file), line \(number + 1), cannot be read. \(error)")
            }
        }
        return result
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw EvaluationError("\(path) cannot be read: \(error.localizedDescription)")
        }
    }
}
