import BridgeConcurrency
import BridgeCore
import Glibc
import Logging

@testable import EventSpool

/// A spool in a directory that is gone, with everything in it, when its owner lets go of it.
final class TemporarySpool {
    let path: String

    init() {
        var template = Array("/tmp/ha-bridge-spool-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("mkdtemp failed: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Files.removeTree(path) }

    /// The spool's directory.
    var directory: String { "\(path)/state/spool" }

    func configuration(segmentBytes: Int = 8 << 20, maxBytes: Int = 2 << 30) -> SpoolConfiguration {
        SpoolConfiguration(directory: directory, maxBytes: maxBytes, segmentBytes: segmentBytes)
    }

    func open(segmentBytes: Int = 8 << 20, maxBytes: Int = 2 << 30, calls: FileCalls = .live) throws -> EventSpool {
        var configuration = configuration(segmentBytes: segmentBytes, maxBytes: maxBytes)
        configuration.calls = calls
        return try EventSpool.open(configuration, logger: .silent)
    }

    var segmentNames: [String] { Files.names(directory).filter { $0.hasSuffix(".spool") }.sorted() }

    var quarantineNames: [String] { Files.names("\(directory)/quarantine").sorted() }

    func file(_ name: String) -> String { "\(directory)/\(name)" }

    /// The file of the first segment.
    var firstSegment: String { file(segmentNames.first ?? "none") }

    /// The numbers of the segments that are there.
    var segmentNumbers: [UInt64] { segmentNames.compactMap { SegmentName($0)?.number } }
}

/// Small files, without care for anything.
enum Files {
    static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(path) { removeTree("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func read(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        let file = SegmentFile(adopting: descriptor, calls: .live)
        return [UInt8](unsafeUninitializedCapacity: file.size ?? 0) { buffer, count in
            count = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
    }

    static func write(_ bytes: [UInt8], to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let file = SegmentFile(adopting: descriptor, calls: .live)
        _ = bytes.withUnsafeBytes { file.write($0, at: 0) }
    }

    static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// SplitMix64: the same numbers from the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension SpoolEntry {
    /// A record whose payload follows from its number, so that a reader can check it.
    init(_ sequence: UInt64, bytes: Int = 40) {
        self.init(
            sequence: sequence, kind: UInt8(truncatingIfNeeded: sequence), head: Array("#\(sequence)".utf8),
            body: (0..<max(bytes, 0)).map { UInt8(truncatingIfNeeded: UInt64($0) &* 7 &+ sequence) })
    }

    var payload: [UInt8] { head + body }
}

extension SpoolRecord {
    init(_ entry: SpoolEntry, run: SpoolRunID) {
        self.init(
            position: SpoolPosition(run: run, sequence: entry.sequence), kind: entry.kind, payload: entry.payload)
    }
}

extension SpoolReader {
    /// Everything to the end. The number of steps is bounded, so that a reader that stands still fails the test.
    func readAll(maxBytes: Int = 1 << 20, limit: Int = 100_000) throws -> SpoolChunk {
        var whole = SpoolChunk()
        for _ in 0..<limit {
            let chunk = try next(maxBytes: maxBytes)
            if chunk.isEmpty { return whole }
            whole.records += chunk.records
            whole.damages += chunk.damages
            whole.payloadBytes += chunk.payloadBytes
        }
        throw Endless()
    }

    struct Endless: Error {}
}
