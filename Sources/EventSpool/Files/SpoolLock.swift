import Glibc

/// Holds the file `lock` of a spool's directory, so that no second process writes there. The kernel lets go of it when the
/// process ends, however it ends.
final class SpoolLock: Sendable {
    static let name = "lock"

    private let descriptor: Int32

    /// Takes the lock or says who has it; never waits.
    init(in directory: SpoolDirectory) throws(SpoolError) {
        // The file may be replaced between opening and locking it; then the lock would guard nothing.
        for _ in 0..<8 {
            let file = openat(directory.descriptor, Self.name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard file >= 0 else {
                throw SpoolError(errno: errno, "The file \(directory.path)/\(Self.name) cannot be opened")
            }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                let number = errno
                defer { close(file) }
                guard number == EWOULDBLOCK else {
                    throw SpoolError(errno: number, "The file \(directory.path)/\(Self.name) cannot be locked")
                }
                throw Self.inUse(directory, by: Self.holder(file))
            }
            if FileIdentity(descriptor: file) == FileIdentity(Self.name, in: directory.descriptor) {
                descriptor = file
                // Only for the message of others: a disk that is full does not keep the lock from working.
                let text = Array("\(getpid())\n".utf8)
                _ = ftruncate(file, 0)
                _ = pwrite(file, text, text.count, 0)
                return
            }
            close(file)
        }
        throw SpoolError(
            .invalid, "The file \(directory.path)/\(Self.name) is replaced all the time. Find out by whom.")
    }

    deinit { close(descriptor) }

    /// Whether the name still leads to the locked file.
    func isInPlace(in directory: SpoolDirectory) -> Bool {
        guard let now = FileIdentity(Self.name, in: directory.descriptor) else { return false }
        return now == FileIdentity(descriptor: descriptor)
    }

    private static func holder(_ file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { (0x30...0x39).contains($0) }
        return Int32(String(decoding: digits, as: UTF8.self))
    }

    private static func inUse(_ directory: SpoolDirectory, by pid: Int32?) -> SpoolError {
        let holder = pid.map { "process \($0)" } ?? "another process"
        return SpoolError(
            .inUse(pid: pid),
            "The spool \(directory.path) is in use by \(holder). Stop it, or give this one a state directory of its own."
        )
    }
}
