/// Puts the pieces of a message together, in one array that is handed over whole.
struct MessageAssembler {
    enum Outcome: Equatable {
        case incomplete
        case message([UInt8])
        case tooBig
    }

    private let limit: Int
    private var pending: [UInt8] = []

    /// Whether a message has begun and not ended.
    var isWithinMessage: Bool { !pending.isEmpty }

    init(limit: Int) { self.limit = limit }

    /// Takes the next piece.
    ///
    /// - Parameters:
    ///   - remaining: the bytes of the same WebSocket frame that are still to come.
    ///   - isFinal: whether that frame is the last one of its message.
    mutating func append(_ chunk: UnsafeRawBufferPointer, remaining: Int, isFinal: Bool) -> Outcome {
        let (known, overflow) = chunk.count.addingReportingOverflow(remaining)
        guard !overflow, known <= limit - pending.count else {
            pending = []
            return .tooBig
        }
        let isWhole = remaining == 0 && isFinal
        // The usual case: a whole message in one piece costs one allocation and one copy.
        if isWhole && pending.isEmpty { return .message([UInt8](chunk)) }
        // The announced length makes one allocation of a large frame. Pages that are never written cost nothing. A message in
        // many small frames must keep the geometric growth: an exact reserve for each would copy it each time.
        let needed = pending.count + known
        if needed > pending.capacity {
            pending.reserveCapacity(pending.isEmpty ? needed : max(needed, 2 * pending.capacity))
        }
        pending.append(contentsOf: chunk)
        guard isWhole else { return .incomplete }
        // The array must leave uniquely referenced, without a copy.
        var message: [UInt8] = []
        swap(&message, &pending)
        return .message(message)
    }
}
