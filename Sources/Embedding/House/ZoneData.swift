/// The contents of a TZif file (RFC 9636): the changes of a zone's offset, and the rule for the time after them.
struct ZoneData: Sendable {
    static let utc = ZoneData(changes: [], offsets: [], first: 0, rule: nil)

    /// Seconds since 1970 of each change, ascending, and the offset that holds from then on.
    private let changes: [Int64]
    private let offsets: [Int64]
    /// The offset before the first change.
    private let first: Int64
    /// What holds after the last change.
    private let rule: ZoneRule?

    private init(changes: [Int64], offsets: [Int64], first: Int64, rule: ZoneRule?) {
        self.changes = changes
        self.offsets = offsets
        self.first = first
        self.rule = rule
    }

    /// Reads a file of version 1 to 4; `nil` where the bytes are none.
    init?(_ bytes: [UInt8]) {
        guard let old = Block(bytes, at: 0, wide: false) else { return nil }
        guard bytes[4] >= 0x32 else {
            self.init(changes: old.changes, offsets: old.offsets, first: old.first, rule: nil)
            return
        }
        // Since version 2 a second block has times of 64 bits, and a line with the rule for the time after it.
        guard let block = Block(bytes, at: old.end, wide: true) else { return nil }
        var rule: ZoneRule?
        if block.end < bytes.count, bytes[block.end] == 0x0A {
            let line = bytes[(block.end + 1)...].prefix { $0 != 0x0A }
            rule = ZoneRule(String(decoding: line, as: UTF8.self))
        }
        self.init(changes: block.changes, offsets: block.offsets, first: block.first, rule: rule)
    }

    /// The offset at `seconds` since 1970, and for which seconds around it that answer holds.
    func offset(at seconds: Int64) -> (span: Range<Int64>, offset: Int64) {
        // The first change after the moment.
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        if low == changes.count, let rule {
            // Rules change at whole minutes; the answer is kept for no longer than one of them.
            let minute = seconds.quotientAndRemainderFloored(by: 60).quotient * 60
            let start = max(minute, changes.last ?? .min)
            return (start..<minute + 60, rule.offset(at: seconds))
        }
        let start = low > 0 ? changes[low - 1] : .min
        let end = low < changes.count ? changes[low] : .max
        return (start..<end, low > 0 ? offsets[low - 1] : first)
    }

    /// One of the two blocks of a file.
    private struct Block {
        var changes: [Int64] = []
        var offsets: [Int64] = []
        var first: Int64 = 0
        var end: Int

        init?(_ bytes: [UInt8], at start: Int, wide: Bool) {
            guard bytes.count >= start + 44, bytes[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
            func number(_ position: Int, _ size: Int) -> Int64 {
                let value = bytes[position..<position + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
            }
            let counts = (0..<6).map { Int(number(start + 20 + $0 * 4, 4)) }
            guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            let (utc, standard, leaps, times, types, letters) = (
                counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]
            )
            let size = wide ? 8 : 4
            let indices = start + 44 + times * size
            let records = indices + times
            end = records + types * 6 + letters + leaps * (size + 4) + standard + utc
            guard types > 0, end <= bytes.count else { return nil }
            func offset(ofType type: Int) -> Int64 { number(records + type * 6, 4) }
            first = offset(ofType: 0)
            for index in 0..<times {
                let type = Int(bytes[indices + index])
                guard type < types else { return nil }
                let change = number(start + 44 + index * size, size)
                if let last = changes.last, change <= last { return nil }
                changes.append(change)
                offsets.append(offset(ofType: type))
            }
        }
    }
}
