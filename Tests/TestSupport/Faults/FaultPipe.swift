#if canImport(Glibc)
    import Glibc
#endif

/// One direction of one connection: what was read and is not yet passed on.
struct FaultPipe {
    /// What a step of the pipe means for its connection.
    enum Outcome: Equatable {
        case goesOn
        /// The plan's ending is due.
        case ends(FaultEnding.Kind)
        /// One of the sockets is gone.
        case broken
    }

    let source: Int32
    let sink: Int32
    private(set) var link: FaultLink
    /// The sum of what was passed on since the plan was applied.
    private(set) var passed = 0
    /// True when the sink was told that nothing more comes.
    private(set) var isOver = false
    /// True while the sink takes nothing.
    private(set) var isBlocked = false

    private var chunks: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    private var offset = 0
    private var pending = 0
    private var endDue: ContinuousClock.Instant?
    private var swallows = false
    private var allowance: Double = 0
    private var allowanceTime = ContinuousClock.now

    /// More is not read before some of it is passed on: the sender feels a slow line.
    private static let limit = 1 << 18

    init(from source: Int32, to sink: Int32, link: FaultLink) {
        self.source = source
        self.sink = sink
        self.link = link
    }

    /// The bytes of an ending count from here.
    mutating func apply(_ link: FaultLink) {
        self.link = link
        passed = 0
    }

    var wantsReading: Bool { endDue == nil && pending < Self.limit }

    /// Takes what the source has.
    mutating func read(now: ContinuousClock.Instant) -> Outcome {
        guard wantsReading else { return .goesOn }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(source, &bytes, bytes.count, 0)
        if count > 0 {
            guard !swallows else { return .goesOn }
            bytes.removeLast(bytes.count - count)
            pending += count
            chunks.append((now + link.delay, bytes))
        } else if count == 0 {
            endDue = now + link.delay
        } else if errno != EAGAIN && errno != EINTR {
            return .broken
        }
        return .goesOn
    }

    /// Passes on what is due. `wake` becomes the moment at which there will be more to do, if that is earlier.
    mutating func pump(now: ContinuousClock.Instant, wake: inout ContinuousClock.Instant?) -> Outcome {
        isBlocked = false
        while true {
            if let ending = link.ending, passed >= ending.afterBytes { return end(ending) }
            guard let chunk = chunks.first else { break }
            guard chunk.due <= now else {
                note(chunk.due, &wake)
                return .goesOn
            }
            var count = chunk.bytes.count - offset
            if let ending = link.ending { count = min(count, ending.afterBytes - passed) }
            count = allowed(count, now: now, wake: &wake)
            guard count > 0 else { return .goesOn }
            let written = chunk.bytes.withUnsafeBytes {
                send(sink, $0.baseAddress?.advanced(by: offset), count, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else {
                guard written < 0, errno == EAGAIN || errno == EINTR else { return .broken }
                isBlocked = true
                return .goesOn
            }
            allowance -= Double(written)
            passed += written
            pending -= written
            offset += written
            if offset == chunk.bytes.count {
                chunks.removeFirst()
                offset = 0
            }
        }
        if let endDue, !isOver {
            if endDue <= now {
                FaultSocket.endSending(sink)
                isOver = true
            } else {
                note(endDue, &wake)
            }
        }
        return .goesOn
    }

    private mutating func end(_ ending: FaultEnding) -> Outcome {
        link.ending = nil
        if ending.kind == .halfClose {
            FaultSocket.endSending(sink)
            (isOver, swallows) = (true, true)
            (chunks, offset, pending) = ([], 0, 0)
        }
        return .ends(ending.kind)
    }

    /// How many of `count` bytes the line's speed lets through now.
    private mutating func allowed(
        _ count: Int, now: ContinuousClock.Instant, wake: inout ContinuousClock.Instant?
    ) -> Int {
        guard let speed = link.bytesPerSecond.map({ Double(max($0, 1)) }) else { return count }
        let elapsed = allowanceTime.duration(to: now) / .seconds(1)
        allowanceTime = now
        // A tenth of a second's worth at a time, so that a slow line trickles and does not wake the thread for each byte.
        let burst = max(1, speed / 10)
        allowance = min(burst, max(0, allowance) + elapsed * speed)
        let wanted = min(Double(count), burst)
        guard allowance < wanted else { return min(count, Int(allowance)) }
        note(now + .seconds((wanted - allowance) / speed) + .milliseconds(1), &wake)
        return 0
    }

    private func note(_ moment: ContinuousClock.Instant, _ wake: inout ContinuousClock.Instant?) {
        wake = wake.map { min($0, moment) } ?? moment
    }
}
