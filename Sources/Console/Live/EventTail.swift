import BridgeConcurrency
import BridgeCore
import NIOCore

/// What waits to be sent to one client: a bounded queue of pieces that the hub fills and the client's task empties.
///
/// A client that cannot keep up loses the oldest pieces and is told how many events they held.
final class EventTail: Sendable {
    /// Text for the client, and how many events it holds.
    struct Piece: Sendable {
        let text: ByteBuffer
        let events: Int
    }

    private struct State {
        var pieces: [Piece] = []
        var bytes = 0
        var lost = 0
        var isEnded = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = LockedBox(State())
    private let byteLimit: Int
    /// Called once with the last reference: whoever goes away without a word frees the place all the same.
    private let left: @Sendable () -> Void

    /// An empty queue of at most `byteLimit` bytes.
    init(byteLimit: Int, left: @escaping @Sendable () -> Void) {
        self.byteLimit = byteLimit
        self.left = left
    }

    deinit { left() }

    /// Adds a piece. The newest one always stays, however large it is.
    func offer(_ piece: Piece) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isEnded else { return nil }
            state.pieces.append(piece)
            state.bytes += piece.text.readableBytes
            while state.bytes > byteLimit, state.pieces.count > 1 {
                let dropped = state.pieces.removeFirst()
                state.bytes -= dropped.text.readableBytes
                state.lost += dropped.events
            }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Lets the client's task go once it has taken what there is.
    func end() {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isEnded = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Everything that waits, at least one piece; `nil` once the tail has ended or the task is cancelled. One task at a time asks.
    func next() async -> [ByteBuffer]? {
        await withTaskCancellationHandler {
            while true {
                if let pieces = take() { return pieces.isEmpty ? nil : pieces }
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if !state.pieces.isEmpty || state.isEnded { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            }
        } onCancel: {
            end()
        }
    }

    /// What waits; empty once there will be no more; `nil` where one must wait.
    private func take() -> [ByteBuffer]? {
        state.withLock { state in
            guard !state.pieces.isEmpty else { return state.isEnded ? [] : nil }
            var texts = state.pieces.map(\.text)
            if state.lost > 0 { texts.insert(ServerSentEvent.lost(state.lost), at: 0) }
            state.pieces = []
            state.bytes = 0
            state.lost = 0
            return texts
        }
    }
}
