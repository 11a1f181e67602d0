import CByteSearch

/// Finds the secrets of one frame: a search for the few bytes that announce one, and a close look at each of them.
///
/// The bytes are borrowed: they must outlive it.
struct SecretFinder {
    let base: UnsafePointer<UInt8>
    let count: Int
    /// What was found, in order and without overlaps.
    private(set) var places: [SecretPlace] = []
    /// Up to here codes are secret: the end of what is given to a lock or an alarm.
    var codesEnd = 0
    /// How many bytes of nested data of services may still be walked through: keeps the whole linear whatever is sent.
    var workLeft: Int
    /// Where the last secret ends; nothing before is looked at again.
    private var passed = 0

    init(_ base: UnsafePointer<UInt8>, count: Int) {
        self.base = base
        self.count = count
        workLeft = 4 * count
    }

    /// Looks through all bytes.
    mutating func run() {
        var cursor = cbytesearch_cursor()
        while true {
            let index = cbytesearch_next(&cursor, base, count)
            guard index < count else { return }
            look(at: index)
        }
    }

    /// Looks whether the byte at `index` announces a secret.
    @inline(__always)
    private mutating func look(at index: Int) {
        guard index >= passed else { return }
        let place: SecretPlace?
        switch base[index] {
        case 0x22, 0x27: place = valueOfKey(endingAt: index)
        case 0x3D: place = valueOfParameter(separator: index, width: 1)
        case 0x25: place = valueOfParameter(separator: index, width: 3)
        case 0x2F: place = partOfURL(slash: index)
        case 0x79: place = webToken(y: index)
        case 0x72: place = bearerToken(r: index)
        default: return
        }
        guard let place, place.range.lowerBound >= passed, !place.range.isEmpty else { return }
        places.append(place)
        passed = place.range.upperBound
    }

    // MARK: Tokens by their look

    /// A JSON Web Token whose second byte is at `y`: `eyJ`, and at least three parts joined by dots. What is cut off at the end of
    /// the frame counts, too.
    private func webToken(y: Int) -> SecretPlace? {
        guard y >= 1, y + 1 < count, base[y - 1] == 0x65, base[y + 1] == 0x4A, isBoundary(before: y - 1) else {
            return nil
        }
        let start = y - 1
        var end = run(from: start, while: SecretBytes.isToken)
        var parts = 1
        while end < count, base[end] == 0x2E {
            let next = run(from: end + 1, while: SecretBytes.isToken)
            // The full stop of a sentence is no part; the empty key of an encrypted token is one.
            if next == end + 1, next < count, base[next] != 0x2E { break }
            end = next
            parts += 1
        }
        let isWhole = parts >= 3 && end - start >= 20
        return isWhole || end == count && end - start >= 12 ? SecretPlace(range: start..<end) : nil
    }

    /// Whether a token may start at `index`: no letter or digit before it, unless one that belongs to an escape.
    private func isBoundary(before index: Int) -> Bool {
        guard index > 0, SecretBytes.isToken(base[index - 1]) else { return true }
        // \n, %3D and \u003d.
        if index >= 2, base[index - 2] == 0x5C { return true }
        if index >= 3, base[index - 3] == 0x25 { return SecretBytes.isHexadecimal(base[index - 2]) }
        return index >= 6 && base[index - 6] == 0x5C && base[index - 5] == 0x75
    }

    /// `Bearer`, whose last letter is at `r`, and what follows it.
    private func bearerToken(r: Int) -> SecretPlace? {
        guard r >= 5, r + 1 < count, base[r + 1] == 0x20,
            SecretNames.isSuffix(Self.bearer, base, start: 0, end: r + 1),
            r == 5 || !SecretBytes.isToken(base[r - 6]) || isBoundary(before: r - 5)
        else { return nil }
        let start = run(from: r + 1) { $0 == 0x20 }
        let end = run(from: start) {
            SecretBytes.isToken($0) || $0 == 0x2E || $0 == 0x2B || $0 == 0x2F || $0 == 0x3D || $0 == 0x7E
        }
        return end - start >= 8 || end == count ? SecretPlace(range: start..<end) : nil
    }

    private static let bearer = Array("bearer".utf8)

    // MARK: Bytes

    /// The first byte from `start` on that `holds` is not true of, at most `limit` bytes further.
    @inline(__always)
    func run(from start: Int, limit: Int = .max, while holds: (UInt8) -> Bool) -> Int {
        let end = limit < count - start ? start + limit : count
        var index = start
        while index < end, holds(base[index]) { index += 1 }
        return index
    }

    /// How many backslashes stand before `index`, at most 64.
    @inline(__always)
    func backslashes(before index: Int) -> Int {
        var first = index
        while first > 0, index - first < 64, base[first - 1] == 0x5C { first -= 1 }
        return index - first
    }

    /// Where the text before a quote at `quote` ends when that quote ends a string which is `level` strings deep in others, or one
    /// around it; `nil` when it is part of the text. Level 0 is a string of the frame itself.
    func textEnd(quote: Int, level: Int) -> Int? {
        var slashes = backslashes(before: quote)
        for depth in 0...level {
            if slashes % 2 == 0 { return quote - ((1 << depth) - 1) }
            slashes /= 2
        }
        return nil
    }
}
