import Glibc

/// The spool's directory, held open: what is done in it is done there even when its path leads elsewhere by now.
final class SpoolDirectory: Sendable {
    static let quarantineName = "quarantine"

    let path: String
    let descriptor: Int32

    /// Opens the directory at `path`; makes it, its parents and its quarantine when they are not there. Only the owner may
    /// enter it afterwards.
    init(path: String) throws(SpoolError) {
        self.path = path
        try Self.make(path)
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpoolError(errno: errno, "The spool \(path) cannot be opened") }
        self.descriptor = descriptor
        // A directory of another owner stays as it is; writing to it will tell whether that works.
        _ = fchmod(descriptor, 0o700)
        guard mkdirat(descriptor, Self.quarantineName, 0o700) == 0 || errno == EEXIST else {
            // A full disk must not keep what is stored already from being read.
            guard errno == ENOSPC || errno == EDQUOT else {
                throw SpoolError(errno: errno, "The directory \(path)/\(Self.quarantineName) cannot be made")
            }
            return
        }
    }

    deinit { close(descriptor) }

    private static func make(_ path: String) throws(SpoolError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw SpoolError(errno: errno, "The directory \(path) cannot be made")
    }

    /// Whether the path still leads to this directory.
    var isInPlace: Bool {
        guard let now = FileIdentity(path: path) else { return false }
        return now == FileIdentity(descriptor: descriptor)
    }

    /// The names of what is in it, in no order.
    func names() throws(SpoolError) -> [String] {
        // A descriptor of its own, because closedir closes it.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let number = errno
            if copy >= 0 { close(copy) }
            throw SpoolError(errno: number, "The spool \(path) cannot be listed")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SpoolError(errno: errno, "The spool \(path) cannot be listed") }
        return names
    }

    /// Makes a file that must not be there yet, readable and writable by the owner. Returns the descriptor or -1.
    func create(_ name: String) -> Int32 {
        openat(descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    /// Opens a regular file for reading. Returns the descriptor, or -1; ENXIO: it is no regular file.
    func openToRead(_ name: String) -> Int32 {
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return -1 }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            errno = ENXIO
            return -1
        }
        return file
    }

    /// Removes a file. Returns the errno of what failed; a file that is not there is no failure.
    func remove(_ name: String) -> Int32? {
        unlinkat(descriptor, name, 0) == 0 || errno == ENOENT ? nil : errno
    }

    /// Waits until the disk knows the names. Returns the errno of what failed.
    func sync() -> Int32? { fsync(descriptor) == 0 || errno == EINVAL ? nil : errno }

    /// Writes a small file under another name, and puts it into place when the disk has it: there is never half of it.
    func replace(_ name: String, with text: String) throws(SpoolError) {
        let temporary = "\(name).new"
        _ = remove(temporary)
        let descriptor = create(temporary)
        guard descriptor >= 0 else { throw SpoolError(errno: errno, "The file \(path)/\(name) cannot be made") }
        let file = SegmentFile(adopting: descriptor, calls: .live)
        let bytes = Array(text.utf8)
        var failure = bytes.withUnsafeBytes { file.write($0, at: 0) } ?? file.sync()
        if failure == nil, renameat(self.descriptor, temporary, self.descriptor, name) != 0 { failure = errno }
        if let failure {
            _ = remove(temporary)
            throw SpoolError(errno: failure, "The file \(path)/\(name) cannot be written")
        }
        if let failure = sync() { throw SpoolError(errno: failure, "The directory \(path) cannot be synced") }
    }

    /// The text of a small file, or `nil` when it is not there.
    func text(of name: String, limit: Int = 256) throws(SpoolError) -> String? {
        let descriptor = openToRead(name)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SpoolError(errno: errno, "The file \(path)/\(name) cannot be read")
        }
        let file = SegmentFile(adopting: descriptor, calls: .live)
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
