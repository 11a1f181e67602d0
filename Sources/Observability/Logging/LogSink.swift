import BridgeConcurrency
import Glibc

/// Writes whole log lines to a descriptor, and would rather lose one than stop the process.
///
/// A full disk, a closed pipe and a reader that does not read each cost lines, never more than `patience` of waiting for a
/// line, and none while the trouble lasts. What was lost is counted, and the first line that gets through says how many.
/// Any thread may write; lines do not mix.
package final class LogSink: Sendable {
    /// How the descriptor is kept from blocking.
    private enum Method: Sendable {
        /// A file: the kernel takes it or says why not.
        case file
        /// A pipe or terminal that was opened again, so that the flag is ours and not our parent's.
        case nonBlocking
        /// A pipe or terminal that may not be opened again: at most one page after `poll` said that there is room.
        case polled
        /// A socket, such as the journal's.
        case socket
    }

    private struct State {
        var lost = 0
        /// Lines lost since one got through.
        var unreported = 0
        /// The last line was cut off in the middle.
        var isTorn = false
    }

    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let method: Method
    private let patience: Duration
    private let state = LockedBox(State())

    /// Lines longer than this are cut by whoever formats them. Linux writes this much to a pipe in one piece.
    package static let lineLimit = 4_096

    /// Standard error.
    package static let standardError = LogSink(descriptor: STDERR_FILENO)

    /// Writes to `descriptor`, which stays open and the caller's.
    package init(descriptor: Int32, patience: Duration = .milliseconds(20)) {
        self.patience = patience
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        switch kind {
        case S_IFSOCK:
            (self.descriptor, ownsDescriptor, method) = (descriptor, false, .socket)
        case S_IFIFO, S_IFCHR:
            let path = "/proc/self/fd/\(descriptor)"
            let reopened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            if reopened >= 0 {
                (self.descriptor, ownsDescriptor, method) = (reopened, true, .nonBlocking)
            } else {
                (self.descriptor, ownsDescriptor, method) = (descriptor, false, .polled)
            }
        default:
            (self.descriptor, ownsDescriptor, method) = (descriptor, false, .file)
        }
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// Lines lost since the start.
    package var linesLost: Int { state.withLock { $0.lost } }

    /// Writes `line`, which ends in a line feed. `report` makes the line that says how many were lost before.
    ///
    /// The lock is held for the write, which is bounded by `patience` on everything but a file.
    package func write(_ line: [UInt8], report: (Int) -> [UInt8]) {
        state.withLock { state in
            // While nothing gets through, nobody waits for it again.
            let patience = state.unreported == 0 ? patience : .zero
            if state.unreported > 0 || state.isTorn {
                var prefix: [UInt8] = state.isTorn ? [0x0A] : []
                if state.unreported > 0 { prefix += report(state.unreported) }
                guard put(prefix, patience: patience, state: &state) else { return lose(&state) }
                state.unreported = 0
                state.isTorn = false
            }
            if !put(line, patience: patience, state: &state) { lose(&state) }
        }
    }

    private func lose(_ state: inout State) {
        state.lost += 1
        state.unreported += 1
    }

    /// Whether all of `bytes` was taken.
    private func put(_ bytes: [UInt8], patience: Duration, state: inout State) -> Bool {
        let deadline = ContinuousClock.now + patience
        var sent = 0
        while sent < bytes.count {
            if method == .polled, !waitForRoom(until: deadline) { break }
            let count = bytes[sent...].withUnsafeBytes { attempt($0) }
            if count > 0 {
                sent += count
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN || errno == EWOULDBLOCK {
                guard waitForRoom(until: deadline) else { break }
            } else {
                break
            }
        }
        if sent > 0 { state.isTorn = sent < bytes.count }
        return sent == bytes.count
    }

    private func attempt(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch method {
        case .socket: send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        case .polled: Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Self.lineLimit))
        case .file, .nonBlocking: Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
    }

    private func waitForRoom(until deadline: ContinuousClock.Instant) -> Bool {
        let left = deadline - .now
        let milliseconds = max(0, Int32(left.components.attoseconds / 1_000_000_000_000_000))
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, left > .zero ? milliseconds + 1 : 0) > 0
            && request.revents & Int16(POLLOUT) != 0
    }
}
