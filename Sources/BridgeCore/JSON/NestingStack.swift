/// Remembers which brackets are open, one bit each: a frame of 64 MiB can open 64 million of them.
struct NestingStack {
    private var words: [UInt64] = []
    private var count = 0

    /// Whether the innermost open bracket is an object's; `nil` when none is open.
    var last: Bool? {
        guard count > 0 else { return nil }
        let index = count - 1
        return words[index >> 6] >> UInt64(index & 63) & 1 == 1
    }

    mutating func push(_ isObject: Bool) {
        let bit = UInt64(count & 63)
        if bit == 0 { words.append(0) }
        if isObject { words[count >> 6] |= 1 << bit }
        count += 1
    }

    mutating func pop() {
        count -= 1
        words[count >> 6] &= ~(1 << UInt64(count & 63))
        if count & 63 == 0 { words.removeLast() }
    }
}
