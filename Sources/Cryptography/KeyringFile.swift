import BridgeCore
import COpenSSL
import Glibc

/// Reads and makes the keyring file with the checks and the care that keys deserve.
enum KeyringFile {
    /// Hundreds of keys; anything longer is no keyring.
    private static let maximumCount = 65_536

    static func read(path: String) throws(CryptographyError) -> SecureBytes {
        // Not blocking on a FIFO that someone put in the keyring's place; it is refused below.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let code = errno
            if code == ENOENT {
                throw .init(
                    .keyringMissing,
                    "There is no keyring at \(path). Make one with \"ha-bridge key new\", or set HA_BRIDGE_KEY_FILE.")
            }
            throw .init(
                .keyringUnreadable,
                "The keyring \(path) cannot be opened (\(describe(code))). Check its owner and mode.")
        }
        defer { close(file) }
        let size = try check(file, path: path)
        let contents = SecureBytes(count: size)
        var offset = 0
        while offset < size {
            let count = Glibc.read(file, contents.buffer.baseAddress?.advanced(by: offset), size - offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .init(
                    .keyringUnreadable, "The keyring \(path) cannot be read to its end. Check the disk and try again.")
            }
            offset += count
        }
        return contents
    }

    /// Checks the file that is open, not the path, which could name another file by now. Returns its size.
    private static func check(_ file: Int32, path: String) throws(CryptographyError) -> Int {
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .init(
                .keyringUnreadable, "The keyring \(path) cannot be examined (\(describe(errno))). Check the disk.")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .init(.keyringUnreadable, "The keyring \(path) is no regular file. Set HA_BRIDGE_KEY_FILE to one.")
        }
        let mode = status.st_mode & 0o7777
        guard mode & ~0o600 == 0 else {
            let digits = String(mode, radix: 8)
            let octal = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            throw .init(
                .keyringTooOpen,
                "The keyring \(path) has mode \(octal), so others could use its keys. Run: chmod 600 '\(path)'")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .init(
                .keyringForeignOwner,
                "The keyring \(path) belongs to user \(status.st_uid), but this process runs as user \(geteuid()). "
                    + "Run: chown \(geteuid()) '\(path)'")
        }
        guard (1...maximumCount).contains(Int(status.st_size)) else {
            throw .init(
                .keyringMalformed,
                "The keyring \(path) has \(status.st_size) bytes, which no keyring has. Restore it from a backup.")
        }
        return Int(status.st_size)
    }

    /// Writes a file that must not exist yet: under another name first, then linked into place, which fails if the
    /// name is taken.
    /// A crash in between leaves a temporary file of mode 0600, never half a keyring.
    static func writeNew(_ contents: UnsafeRawBufferPointer, path: String) throws(CryptographyError) {
        var status = stat()
        // Asked early for a clear answer; `link` below is what decides.
        guard lstat(path, &status) != 0 else { throw exists(path) }
        let directory = parent(path)
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            let code = errno
            let hint =
                code == ENOENT ? "Make the directory \(directory) first." : "Check the owner and mode of \(directory)."
            throw .init(.keyringUnwritable, "The keyring \(path) cannot be made (\(describe(code))). \(hint)")
        }
        defer { unlink(temporary) }
        let failure = write(contents, to: file)
        close(file)
        if let failure {
            throw .init(
                .keyringUnwritable,
                "The keyring \(path) cannot be written (\(describe(failure))). Free space and try again.")
        }
        guard link(temporary, path) == 0 else {
            let code = errno
            if code == EEXIST { throw exists(path) }
            throw .init(
                .keyringUnwritable,
                "The keyring \(path) cannot be put into place (\(describe(code))). Use a file system that knows "
                    + "hard links."
            )
        }
        try confirm(directory, of: path)
    }

    /// Makes sure that a power cut cannot forget the name of the file.
    static func confirm(_ directory: String, of path: String) throws(CryptographyError) {
        let directoryFile = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directoryFile >= 0 else { return }
        defer { close(directoryFile) }
        guard fsync(directoryFile) == 0 || errno == EINVAL else {
            throw .init(
                .keyringUnwritable,
                "The keyring \(path) was written, but the disk does not confirm it (\(describe(errno))). Check the disk."
            )
        }
    }

    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Writes all, to the disk; returns the errno of what failed.
    static func write(_ contents: UnsafeRawBufferPointer, to file: Int32, mode: mode_t = 0o600) -> Int32? {
        // The umask can only take bits away, even the owner's.
        guard fchmod(file, mode) == 0 else { return errno }
        var offset = 0
        while offset < contents.count {
            let count = Glibc.write(file, contents.baseAddress?.advanced(by: offset), contents.count - offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            offset += count
        }
        return fsync(file) == 0 ? nil : errno
    }

    private static func exists(_ path: String) -> CryptographyError {
        .init(
            .keyringExists,
            "There is a file at \(path) already, and it is not overwritten: stored tokens may need its keys. "
                + "Use it or name another."
        )
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func describe(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

/// Overwrites `buffer` in a way that the optimiser keeps.
func wipe(_ buffer: UnsafeMutableRawBufferPointer) { OPENSSL_cleanse(buffer.baseAddress, buffer.count) }
