import BridgeCore
import Glibc
import Synchronization

/// The keyring as its file has it now, for a process that runs on while keys are rotated. Safe to use from any thread.
///
/// The file is looked at when a keyring is asked for, at most once a second, and at once when a key is missing. A file that cannot
/// be read, or is no keyring, leaves the keyring of before in use.
package final class KeyringSource: Sendable {
    /// What changes when the file does.
    private struct Mark: Equatable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var modified: Int64
        /// Also tells a change of mode or owner, which may make the file readable again.
        var changed: Int64
    }

    private struct State {
        var keyring: Keyring
        /// Of the file as it was when it was read last, whether that worked or not; `nil` where there was none.
        var mark: Mark?
        var lookedAt: ContinuousClock.Instant
    }

    private static let interval = Duration.seconds(1)

    private let path: String?
    private let onTrouble: @Sendable (CryptographyError) -> Void
    private let state: Mutex<State>

    /// Reads the file. `onTrouble` is told once of each state of the file that cannot be used; it must not call back.
    ///
    /// Throws what `Keyring.load` throws.
    package init(
        path: String, onTrouble: @escaping @Sendable (CryptographyError) -> Void = { _ in }
    ) throws(CryptographyError) {
        let mark = Self.mark(path)
        let keyring = try Keyring.load(path: path)
        self.path = path
        self.onTrouble = onTrouble
        state = Mutex(State(keyring: keyring, mark: mark, lookedAt: .now))
    }

    /// A keyring that never changes.
    package init(_ keyring: Keyring) {
        path = nil
        onTrouble = { _ in }
        state = Mutex(State(keyring: keyring, mark: nil, lookedAt: .now))
    }

    /// The keyring to use now. May block for one small read of a local file.
    package var current: Keyring { look(atOnce: false) }

    /// As `current`, but looks at the file at once when the keyring lacks the token key `id`.
    func keyring(holding id: String) -> Keyring {
        let keyring = current
        return keyring.holdsTokenKey(id) ? keyring : look(atOnce: true)
    }

    private func look(atOnce: Bool) -> Keyring {
        guard let path else { return state.withLock { $0.keyring } }
        let now = ContinuousClock.now
        var trouble: CryptographyError?
        // The read is inside the lock: it is short, and two threads would otherwise read the same news.
        let keyring = state.withLock { state in
            guard atOnce || now - state.lookedAt >= Self.interval else { return state.keyring }
            state.lookedAt = now
            // Before the reading: what changes meanwhile is found the next time.
            let mark = Self.mark(path)
            guard mark != state.mark else { return state.keyring }
            state.mark = mark
            do throws(CryptographyError) { state.keyring = try Keyring.load(path: path) } catch { trouble = error }
            return state.keyring
        }
        if let trouble { onTrouble(trouble) }
        return keyring
    }

    private static func mark(_ path: String) -> Mark? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        return Mark(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: nanoseconds(status.st_mtim), changed: nanoseconds(status.st_ctim))
    }
}
