import Glibc

/// A file of checkpoints, a line of JSON each, which only its owner may read and write. Full, it becomes `<path>.1`, in the place of the
/// one before, and a new one begins: the newest checkpoints are always there.
package struct AuditCheckpointFile: Sendable {
    /// Why a file of checkpoints cannot be used.
    package struct Failure: Error, CustomStringConvertible {
        /// What happened and what to do next.
        package let description: String
    }

    package let path: String
    private let limit: Int

    /// The file at `path`, which need not be there yet. Both files together take about twice `limit` bytes.
    package init(path: String, limit: Int = 4 << 20) {
        self.path = path
        self.limit = limit
    }

    /// Whether the next checkpoint begins a file, and should hence name every chain.
    package var isFresh: Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_size == 0 || status.st_size >= off_t(limit)
    }

    /// Appends a checkpoint, on the disk when this returns. Throws `Failure`.
    package func append(_ checkpoint: AuditCheckpoint) throws {
        var status = stat()
        if stat(path, &status) == 0, status.st_size >= off_t(limit) {
            guard rename(path, path + ".1") == 0 else { throw failure("rename") }
        }
        let file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("open") }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw failure("set the mode of") }
        var bytes = Array((try checkpoint.line() + "\n").utf8)
        // A line that a crash cut off must not swallow this one.
        if try !endsWithLineBreak(file) { bytes.insert(0x0A, at: 0) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write") }
            written += count
        }
        guard fsync(file) == 0 else { throw failure("write") }
    }

    /// The checkpoints of both files, the oldest first, and how many lines are none. Files that are not there hold none, unless
    /// `mustExist`. Throws `Failure`.
    package func read(mustExist: Bool = false) throws -> (checkpoints: [AuditCheckpoint], otherLines: Int) {
        var checkpoints: [AuditCheckpoint] = []
        var others = 0
        for path in [path + ".1", path] {
            guard let bytes = try contents(path, mustExist: mustExist && path == self.path) else { continue }
            for line in bytes.split(separator: 0x0A) {
                if let checkpoint = AuditCheckpoint(line: String(decoding: line, as: UTF8.self)) {
                    checkpoints.append(checkpoint)
                } else {
                    others += 1
                }
            }
        }
        return (checkpoints, others)
    }

    /// The newest checkpoint; `nil` where there is none. Reads no more than the end of a file, whatever its length. Throws `Failure`.
    package func newest() throws -> AuditCheckpoint? {
        for path in [path, path + ".1"] {
            guard let bytes = try contents(path, mustExist: false, fromEnd: Self.tailLength) else { continue }
            for line in bytes.split(separator: 0x0A).reversed() {
                if let checkpoint = AuditCheckpoint(line: String(decoding: line, as: UTF8.self)) { return checkpoint }
            }
        }
        return nil
    }

    /// Enough for a line that names a thousand chains.
    private static let tailLength = 262_144

    private func contents(_ path: String, mustExist: Bool, fromEnd length: Int? = nil) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT, !mustExist { return nil }
            throw failure("read", path)
        }
        defer { close(file) }
        if let length, lseek(file, 0, SEEK_END) > off_t(length) {
            lseek(file, -off_t(length), SEEK_END)
        } else {
            lseek(file, 0, SEEK_SET)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    private func endsWithLineBreak(_ file: Int32) throws -> Bool {
        let size = lseek(file, 0, SEEK_END)
        guard size > 0 else { return true }
        var last: UInt8 = 0
        guard pread(file, &last, 1, size - 1) == 1 else { throw failure("read") }
        return last == 0x0A
    }

    private func failure(_ act: String, _ path: String? = nil) -> Failure {
        let reason = String(cString: strerror(errno))
        return Failure(
            description:
                "Cannot \(act) the file of checkpoints \(path ?? self.path) (\(reason)). Check the directory and its owner."
        )
    }
}
