import Glibc

/// Puts a file into place whole or not at all.
enum AtomicFile {
    /// Writes `bytes` beside `path`, waits until the disk has them, and renames them to `path`. Whoever has the old file open or
    /// mapped keeps it. Everybody may read the file.
    static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(ModelError) {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw ModelError(errno: errno, "The file \(temporary) cannot be made") }
        var failure = write(bytes, to: descriptor)
        // Whatever the mask of this process is, the bridge's user must be able to read it.
        if failure == nil, fchmod(descriptor, 0o644) != 0 { failure = errno }
        if failure == nil, fsync(descriptor) != 0 { failure = errno }
        if close(descriptor) != 0, failure == nil { failure = errno }
        if failure == nil, rename(temporary, path) != 0 { failure = errno }
        if let failure {
            unlink(temporary)
            throw ModelError(errno: failure, "The file \(path) cannot be written")
        }
        try syncDirectory(of: path)
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 20))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return nil
    }

    /// Waits until the disk knows the new name.
    private static func syncDirectory(of path: String) throws(ModelError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ModelError(errno: errno, "The directory \(directory) cannot be opened") }
        defer { close(descriptor) }
        // Some file systems sync no directories, and say so by EINVAL.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw ModelError(errno: errno, "The directory \(directory) cannot be synced")
        }
    }
}
