import BridgeCore
import Glibc

/// Where an export goes, row by row.
protocol ExportTarget {
    /// Writes a row, which is an object of JSON.
    func write(_ row: [UInt8], of table: String, isMention: Bool) throws
    /// Writes what is left. Nothing comes after it.
    func finish() throws
}

/// Standard output: one object a line, with the name of its table.
struct ExportStream: ExportTarget {
    let console: Console

    func write(_ row: [UInt8], of table: String, isMention: Bool) throws {
        let kind = isMention ? "mention" : "row"
        try console.print(#"{"table":"\#(table)","\#(kind)":\#(String(decoding: row, as: UTF8.self))}"#)
    }

    func finish() {}
}

/// A directory with a file of JSON Lines for each table, for nobody but its owner.
final class ExportDirectory: ExportTarget {
    private let path: String
    private var file: (name: String, descriptor: Int32)?
    private var buffer: [UInt8] = []

    private static let bufferSize = 256 << 10

    /// Makes the directory. Throws a `CommandFailure` when it cannot be made, or holds something already.
    init(path: String) throws {
        self.path = path
        guard mkdir(path, 0o700) != 0 else { return }
        guard errno == EEXIST, let directory = opendir(path) else { throw Self.failure(path, errno) }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name == "." || name == ".." else {
                throw CommandFailure(
                    .usage, "\(path) is not empty. Name a directory that does not exist yet, or an empty one.")
            }
        }
    }

    deinit { if let file { close(file.descriptor) } }

    func write(_ row: [UInt8], of table: String, isMention: Bool) throws {
        let name = isMention ? "\(table).mentions.jsonl" : "\(table).jsonl"
        if file?.name != name { try begin(name) }
        buffer += row
        buffer.append(0x0A)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func finish() throws {
        try flush()
        guard let file else { return }
        self.file = nil
        let isSafe = fsync(file.descriptor) == 0
        let code = errno
        guard close(file.descriptor) == 0, isSafe else { throw Self.failure("\(path)/\(file.name)", code) }
    }

    private func begin(_ name: String) throws {
        try finish()
        // Rows of one table come together, their mentions in between where a user has several houses.
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("\(path)/\(name)", errno) }
        file = (name, descriptor)
    }

    private func flush() throws {
        guard let file else { return }
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw Self.failure("\(path)/\(file.name)", errno)
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(.inputOutput, "\(path) cannot be written (\(String(cString: strerror(code)))).")
    }
}
