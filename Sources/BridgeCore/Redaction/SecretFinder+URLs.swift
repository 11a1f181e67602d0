/// Secrets in URLs and paths, wherever in a text they stand.
extension SecretFinder {
    /// The value of the parameter whose name ends at `separator`, an equals sign of so many bytes: `=` or `%3D`.
    func valueOfParameter(separator: Int, width: Int) -> SecretPlace? {
        if width == 3 {
            guard separator + 2 < count, base[separator + 1] == 0x33, base[separator + 2] | 0x20 == 0x64 else {
                return nil
            }
        }
        var start = separator
        while start > 0, separator - start < 64, SecretBytes.isToken(base[start - 1]) { start -= 1 }
        guard start < separator else { return nil }
        let (name, isParameter) = parameterName(start)
        guard SecretNames.isSecretParameter(base, start: name, end: separator, isParameter: isParameter) else {
            return nil
        }
        var value = separator + width
        guard value < count else { return nil }
        // A value in quotes of its own: `password='…'`, and `password=\"…\"` in a string.
        if base[value] == 0x27 {
            value += 1
            return SecretPlace(range: value..<quotedEnd(from: value, mark: 0x27))
        }
        let slashes = run(from: value, limit: 64) { $0 == 0x5C } - value
        if slashes > 0, value + slashes < count, base[value + slashes] == 0x22 {
            value += slashes + 1
            return SecretPlace(range: value..<quotedEnd(from: value, mark: 0x22))
        }
        return SecretPlace(range: value..<parameterEnd(from: value, isEscaped: width == 3))
    }

    /// Where the name that starts at `start` really begins, behind an escape such as `\u0026`, and whether it is a parameter of a URL.
    private func parameterName(_ start: Int) -> (start: Int, isParameter: Bool) {
        guard start > 0 else { return (start, false) }
        switch base[start - 1] {
        // ? & ; #
        case 0x3F, 0x26, 0x3B, 0x23: return (start, true)
        case 0x5C where start + 5 <= count && base[start] == 0x75: return (start + 5, true)
        // %26 and %3F
        case 0x25 where start + 2 <= count: return (start + 2, true)
        default: return (start, false)
        }
    }

    /// The end of a value in quotes, or of the string in which it stands.
    private func quotedEnd(from start: Int, mark: UInt8) -> Int {
        var index = start
        while index < count, base[index] != 0x22 {
            if mark == 0x27, base[index] == 0x27, base[index - 1] != 0x5C { break }
            index += 1
        }
        return max(start, index - backslashes(before: index))
    }

    /// The end of a bare value. A slash may be escaped; any other escape ends it, as `&`, `#`, `;`, a comma and brackets do.
    private func parameterEnd(from start: Int, isEscaped: Bool) -> Int {
        var index = start
        while index < count {
            let byte = base[index]
            switch byte {
            case 0x26, 0x23, 0x3B, 0x2C, 0x29, 0x5D, 0x7D: return index
            case 0x5C:
                let slash = run(from: index, limit: 64) { $0 == 0x5C }
                guard slash < count, base[slash] == 0x2F else { return index }
                index = slash + 1
            case 0x25 where isEscaped && index + 2 < count && base[index + 1] == 0x32 && base[index + 2] == 0x36:
                return index
            default:
                if SecretBytes.endsURL(byte) { return index }
                index += 1
            }
        }
        return index
    }

    // MARK: Paths

    /// What the slash at `slash` announces: user information, or a part of a path that is a secret by its place.
    func partOfURL(slash: Int) -> SecretPlace? {
        // In a string `/` may be written `\/`, in a string in that `\\/`.
        let before = slash - backslashes(before: slash)
        guard before > 0 else { return nil }
        switch base[before - 1] {
        case 0x2F:
            let scheme = before - 1 - backslashes(before: before - 1)
            return scheme > 0 && base[scheme - 1] == 0x3A ? userInformation(from: slash + 1) : nil
        // api/webhook/, api/hls/ and hooks.nabu.casa/
        case 0x6B: return isWord(Self.webhook, before: before) ? segment(from: slash + 1) : nil
        case 0x73: return isWord(Self.hls, before: before) ? segment(from: slash + 1) : nil
        case 0x61: return isWord(Self.cloudhooks, before: before) ? segment(from: slash + 1) : nil
        default: return nil
        }
    }

    private static let webhook = Array("webhook".utf8)
    private static let hls = Array("hls".utf8)
    private static let cloudhooks = Array("hooks.nabu.casa".utf8)

    private func isWord(_ word: [UInt8], before end: Int) -> Bool {
        guard SecretNames.isSuffix(word, base, start: 0, end: end), end > word.count else { return false }
        return base[end - word.count - 1] == 0x2F
    }

    private func segment(from start: Int) -> SecretPlace? {
        let end = run(from: start) { SecretBytes.isToken($0) || $0 == 0x2E || $0 == 0x25 || $0 == 0x3D || $0 == 0x7E }
        return end - start >= 8 ? SecretPlace(range: start..<end) : nil
    }

    /// `user:password` of `scheme://user:password@host`.
    private func userInformation(from start: Int) -> SecretPlace? {
        let authority = run(from: start, limit: 256) {
            !SecretBytes.endsURL($0) && $0 != 0x5C && $0 != 0x2F && $0 != 0x3F && $0 != 0x23
        }
        if let at = last(0x40, start..<authority) { return SecretPlace(range: start..<at) }
        // A slash that should have been escaped ends the authority early; a port is what may stand there by right.
        guard start < authority, base[start] != 0x5B,
            let colon = (start..<authority).first(where: { base[$0] == 0x3A }), colon + 1 < authority,
            !(colon + 1..<authority).allSatisfy({ SecretBytes.isDigit(base[$0]) })
        else { return nil }
        // Cut off before the host.
        if authority == count { return SecretPlace(range: start..<count) }
        let end = run(from: start, limit: 256) { !SecretBytes.endsURL($0) && $0 != 0x5C }
        return last(0x40, start..<end).map { SecretPlace(range: start..<$0) }
    }

    private func last(_ byte: UInt8, _ range: Range<Int>) -> Int? { range.last { base[$0] == byte } }
}
