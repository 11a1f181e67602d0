import BridgeCore
import HomeAssistantClient

/// A frame with a huge answer to `get_states`, cut into frames with some of its states each.
///
/// All states of a large house, some 20 MB, take PostgreSQL seconds. As one frame they would hold up the events of every other house
/// for as long.
struct SnapshotDivision {
    /// A snapshot of fewer bytes stays whole.
    static let threshold = 512 << 10
    /// Bytes of states in one part, about: no state is divided.
    static let partBytes = 256 << 10
    /// States in one part at most.
    static let partStates = 400

    /// The frame without its snapshot; `nil` where it held nothing else.
    let rest: ReceivedFrame?
    /// Bytes of the whole frame.
    var size: Int { frame.bytes.count }
    private let frame: ReceivedFrame
    /// From the first state of a part to its last, the next part last.
    private var parts: [Range<Int>]
    /// Whether the last part ends in what is no JSON.
    private let isBroken: Bool

    /// Cuts `frame`; `nil` for one that stays whole.
    init?(_ frame: ReceivedFrame) {
        guard let snapshot = frame.snapshot, snapshot.count >= Self.threshold, frame.unreadable == nil else {
            return nil
        }
        self.frame = frame
        let (parts, isBroken) = frame.bytes.withUnsafeBufferPointer { Self.cut($0, snapshot) }
        self.parts = parts.reversed()
        self.isBroken = isBroken
        rest = frame.events.isEmpty ? nil : Self.withoutSnapshot(frame)
    }

    /// The next part, or `nil` after the last.
    ///
    /// The last one bears the time at which the frame came, for the time until all of it is committed; those before it do not count.
    mutating func next(now: ContinuousClock.Instant = .now) -> ReceivedFrame? {
        guard let range = parts.popLast() else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count + 2)
        bytes.append(UInt8(ascii: "["))
        bytes += frame.bytes[range]
        if !isBroken || !parts.isEmpty { bytes.append(UInt8(ascii: "]")) }
        var part = ReceivedFrame(
            connection: frame.connection, bytes: bytes, snapshot: 0..<bytes.count,
            receivedAt: parts.isEmpty ? frame.receivedAt : now, receivedTime: frame.receivedTime)
        part.isContinued = !parts.isEmpty
        return part
    }

    private static func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ snapshot: Range<Int>) -> (
        parts: [Range<Int>], isBroken: Bool
    ) {
        var scanner = JSONScanner(bytes, range: snapshot)
        var parts: [Range<Int>] = []
        var part: Range<Int>?
        var states = 0
        do throws(JSONScanError) {
            guard try scanner.enterArray() else { return ([], false) }
            repeat {
                let state = try scanner.skipValue()
                part = (part?.lowerBound ?? state.lowerBound)..<state.upperBound
                states += 1
                if let whole = part, whole.count >= partBytes || states == partStates {
                    parts.append(whole)
                    part = nil
                    states = 0
                }
            } while try scanner.nextElement()
            if let part { parts.append(part) }
            return (parts, false)
        } catch {
            // From here on it is no JSON. Whoever reads the states finds that out again and keeps it as a dead letter.
            parts.append((part?.lowerBound ?? min(error.offset, snapshot.upperBound))..<snapshot.upperBound)
            return (parts, true)
        }
    }

    private static func withoutSnapshot(_ frame: ReceivedFrame) -> ReceivedFrame {
        var rest = frame
        rest.snapshot = nil
        rest.bytes = []
        rest.events = frame.events.map { event in
            rest.bytes.append(UInt8(ascii: rest.bytes.isEmpty ? "[" : ","))
            let start = rest.bytes.count
            rest.bytes += frame.bytes[event]
            return start..<rest.bytes.count
        }
        rest.bytes.append(UInt8(ascii: "]"))
        return rest
    }
}
