import Glibc

/// The calls that a full or failing disk makes fail. They are values, so that a test can fail exactly one of them; like the
/// calls themselves they return -1 and set `errno`.
struct FileCalls: Sendable {
    /// `pwritev`: descriptor, parts, their number, offset.
    var write: @Sendable (Int32, UnsafePointer<iovec>, Int32, off_t) -> Int
    /// `fdatasync`.
    var sync: @Sendable (Int32) -> Int32
    /// `ftruncate`.
    var truncate: @Sendable (Int32, off_t) -> Int32

    /// The real ones.
    static let live = FileCalls(
        write: { pwritev($0, $1, $2, $3) }, sync: { fdatasync($0) }, truncate: { ftruncate($0, $1) })
}

/// Which file or directory a name leads to: device and inode.
struct FileIdentity: Equatable, Sendable {
    var device: dev_t
    var inode: ino_t

    /// What `descriptor` is open on, or `nil` when even that cannot be told.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// What `path` leads to now.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// What `name` in the directory open as `directory` leads to now.
    init?(_ name: String, in directory: Int32) {
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
}
