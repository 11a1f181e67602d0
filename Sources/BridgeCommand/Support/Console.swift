import BridgeConcurrency
import BridgeCore
import Glibc

/// Where a command writes: data to standard output, messages to standard error.
struct Console: Sendable {
    /// The reader of standard output is gone, as `head` is after its last line. The command ends quietly.
    struct BrokenPipe: Error {}

    /// What standard output and standard error are.
    struct Terminal: Sendable {
        /// Columns of the terminal at standard output; `nil` when it is none.
        var columns: Int?
        /// Whether standard output may carry colour.
        var hasColour = false
        /// Whether a person sits before it: standard input and standard error are terminals.
        var isInteractive = false
        /// Whether standard error is a terminal, so that progress may overwrite its line.
        var showsProgress = false

        /// A file or a pipe.
        static let none = Terminal()
    }

    let terminal: Terminal
    /// Whether the last line of standard error is one of progress.
    private let showsProgressNow = LockedBox(false)
    private let writeData: @Sendable ([UInt8]) throws -> Void
    private let writeMessage: @Sendable ([UInt8]) -> Void

    /// For tests: `data` takes what goes to standard output, `message` what goes to standard error.
    init(
        terminal: Terminal = .none, data: @escaping @Sendable ([UInt8]) throws -> Void,
        message: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.terminal = terminal
        writeData = data
        writeMessage = message
    }

    /// The process's own standard output and standard error.
    static let standard = Console(
        terminal: .current,
        data: { try Console.write($0, to: STDOUT_FILENO) },
        // Nobody is left to tell when standard error itself cannot be written.
        message: { try? Console.write($0, to: STDERR_FILENO) })

    /// Writes a line of data. Throws `BrokenPipe`, or a `CommandFailure` when the output cannot be written.
    func print(_ line: String) throws { try writeData(Array((line + "\n").utf8)) }

    /// Writes a message for the person, as a line of its own and without secrets.
    func note(_ message: String) {
        endProgress()
        writeMessage(Array((PrintableText.of(Redactor.redact(message), keepsNewlines: true) + "\n").utf8))
    }

    /// Shows how far long work has come: overwritten in place, and left out where standard error is no terminal.
    func progress(_ message: String) {
        guard terminal.showsProgress else { return }
        showsProgressNow.withLock { $0 = true }
        writeMessage(Array("\r\u{1B}[2K\(PrintableText.of(message))".utf8))
    }

    /// Clears the line of progress, if there is one.
    func endProgress() {
        let isShown = showsProgressNow.withLock { isShown in
            defer { isShown = false }
            return isShown
        }
        guard isShown else { return }
        writeMessage(Array("\r\u{1B}[2K".utf8))
    }

    /// Asks without a newline after it; the answer is read by the caller.
    func ask(_ question: String) { writeMessage(Array(PrintableText.of(question).utf8)) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            case EPIPE: throw BrokenPipe()
            case let code:
                let reason = String(cString: strerror(code))
                throw CommandFailure(.inputOutput, "Cannot write the output (\(reason)).")
            }
        }
    }
}

extension Console.Terminal {
    /// What the process was started with.
    static var current: Console.Terminal {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let noColour = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        return Console.Terminal(
            columns: isTerminal ? width(of: STDOUT_FILENO) : nil,
            hasColour: isTerminal && !noColour && !isDumb,
            isInteractive: isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1,
            showsProgress: isatty(STDERR_FILENO) == 1 && !isDumb)
    }

    private static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
