import Glibc

extension KeyringFile {
    /// Puts new contents in the place of the keyring: written to another file first, then renamed, so that whoever reads the path
    /// finds the old keyring or the new one, whole, at every moment. Owner and mode stay as they are.
    ///
    /// A crash in between leaves a file `PATH.rotating` of the same mode; the next call removes it. The caller holds the lock.
    static func replace(_ contents: UnsafeRawBufferPointer, path: String) throws(CryptographyError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw unwritable(path, errno) }
        let temporary = "\(path).rotating"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw unwritable(path, errno) }
        var failure: Int32?
        // Without this a rotation by root would lock the bridge's user out. The group has no rights to lose.
        if fchown(file, status.st_uid, status.st_gid) != 0, status.st_uid != geteuid() { failure = errno }
        failure = failure ?? write(contents, to: file, mode: status.st_mode & 0o600)
        close(file)
        if failure == nil, rename(temporary, path) != 0 { failure = errno }
        if let failure {
            unlink(temporary)
            throw unwritable(path, failure)
        }
        try confirm(parent(path), of: path)
    }

    /// The file that `path` leads to at the end of all links, so that a rename replaces the keyring and not a link to it.
    static func resolved(_ path: String) throws(CryptographyError) -> String {
        guard let resolved = realpath(path, nil) else {
            let code = errno
            guard code == ENOENT else { throw unwritable(path, code) }
            throw .init(
                .keyringMissing,
                "There is no keyring at \(path). Make one with \"ha-bridge key new\", or set HA_BRIDGE_KEY_FILE.")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func unwritable(_ path: String, _ code: Int32) -> CryptographyError {
        let hint =
            code == EBUSY
            ? "It is mounted by itself: mount the directory that it lies in instead."
            : "Check the owner and mode of \(parent(path)) and the space on its disk."
        return .init(
            .keyringUnwritable, "The keyring \(path) cannot be replaced (\(describe(code))). It is as it was. \(hint)")
    }
}

/// The right to change a keyring, held until the last reference goes, or the process ends, however it ends.
final class KeyringLock: Sendable {
    private let file: Int32

    /// Locks `PATH.lock`, an empty file that stays. Never waits: throws `.keyringBusy`.
    init(path: String) throws(CryptographyError) {
        let file = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw .init(
                .keyringUnwritable,
                "The keyring \(path) cannot be changed: \(path).lock cannot be made (\(KeyringFile.describe(errno))). "
                    + "Check the owner and mode of \(KeyringFile.parent(path)).")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw .init(
                .keyringBusy,
                "Another process is changing the keyring \(path). Wait until it is done, then run the command again.")
        }
        self.file = file
    }

    deinit { close(file) }
}
