import BridgeConcurrency
import CLibWebSockets
import Synchronization

/// What other threads ask of the loop.
enum LoopCommand: Sendable {
    case open(WebSocketID, WebSocketTarget, @Sendable (WebSocketEvent) -> Void)
    case exchange(WebSocketID, WebSocketTarget, HTTPRequest, Duration, @Sendable (HTTPOutcome) -> Void)
    case send(WebSocketID, WebSocketMessage)
    case setReading(WebSocketID, Bool)
    case close(WebSocketID, code: UInt16, reason: String)
    case shutdown
}

/// The only thing that the loop thread shares with others.
final class LoopMailbox: Sendable {
    private struct State {
        var commands: [LoopCommand] = []
        /// Set while the context may be woken. Cleared under the lock before the context is destroyed, so that no thread wakes a
        /// dead one. lws_cancel_service is the one function of the library that any thread may call.
        var context: OpaquePointer?
        var hasEnded = false
        var isAnnounced = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = LockedBox(State())
    private let nextID = Atomic<UInt64>(1)
    private let beats = Atomic<UInt64>(0)

    /// A number that was never given before.
    func makeID() -> WebSocketID {
        WebSocketID(rawValue: nextID.wrappingAdd(1, ordering: .relaxed).oldValue)
    }

    var beatCount: UInt64 { beats.load(ordering: .relaxed) }

    func beat() { beats.wrappingAdd(1, ordering: .relaxed) }

    /// Leaves a command and wakes the loop. False once the loop has ended: then nobody will ever read it.
    func post(_ command: LoopCommand) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.commands.append(command)
            // One wake is enough for all that has gathered. lws_cancel_service only writes to an eventfd.
            if state.commands.count == 1, let context = state.context { lws_cancel_service(context) }
            return true
        }
    }

    /// Empties the mailbox; called on the loop thread.
    func drain() -> [LoopCommand] {
        state.withLock { state in
            var taken: [LoopCommand] = []
            swap(&taken, &state.commands)
            return taken
        }
    }

    /// Names the context to wake from now on, and wakes it for what is already waiting.
    func attach(_ context: OpaquePointer) {
        nonisolated(unsafe) let context = context
        state.withLock { state in
            state.context = context
            if !state.commands.isEmpty { lws_cancel_service(context) }
        }
    }

    /// Takes no further command, and returns those that are left. After this the context may be destroyed.
    func detach() -> [LoopCommand] {
        state.withLock { state in
            state.context = nil
            state.hasEnded = true
            var left: [LoopCommand] = []
            swap(&left, &state.commands)
            return left
        }
    }

    /// Tells those who wait that the context is gone; the last thing the loop thread does.
    func announceEnd() {
        let waiters = state.withLock { state in
            var taken: [CheckedContinuation<Void, Never>] = []
            swap(&taken, &state.endWaiters)
            state.isAnnounced = true
            return taken
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for `announceEnd`.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isAnnounced { state.endWaiters.append(continuation) }
                return state.isAnnounced
            }
            if isOver { continuation.resume() }
        }
    }
}
