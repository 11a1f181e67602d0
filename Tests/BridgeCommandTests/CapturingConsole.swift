import BridgeConcurrency

@testable import BridgeCommand

/// A console that keeps what was written.
final class CapturingConsole: Sendable {
    private let state = LockedBox((data: [UInt8](), messages: [UInt8]()))
    private let terminal: Console.Terminal

    init(terminal: Console.Terminal = .none) { self.terminal = terminal }

    var console: Console {
        Console(
            terminal: terminal,
            data: { [state] bytes in state.withLock { $0.data += bytes } },
            message: { [state] bytes in state.withLock { $0.messages += bytes } })
    }

    /// What went to standard output.
    var data: String { state.withLock { String(decoding: $0.data, as: UTF8.self) } }

    /// What went to standard error.
    var messages: String { state.withLock { String(decoding: $0.messages, as: UTF8.self) } }
}
