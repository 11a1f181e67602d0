/// One pass over a text that finds what `Redactor` takes out; written by hand, because a log line must stay cheap.
struct RedactionScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var output: [UInt8] = []
    /// Everything before this is in `output` already, once there is any output.
    private var copied = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The text with marks in the place of secrets, or `nil` when there is nothing to take out.
    mutating func run() -> [UInt8]? {
        var index = 0
        while index < bytes.count {
            if let secret = secret(at: index) {
                output.append(contentsOf: bytes[copied..<secret.lowerBound])
                output.append(contentsOf: Redactor.markBytes)
                copied = secret.upperBound
                index = max(secret.upperBound, index + 1)
            } else {
                index += 1
            }
        }
        guard copied > 0 else { return nil }
        output.append(contentsOf: bytes[copied...])
        return output
    }

    /// The secret that what stands at `index` announces. It starts there or a little later.
    private func secret(at index: Int) -> Range<Int>? {
        switch bytes[index] {
        case UInt8(ascii: "e"): webToken(at: index)
        case UInt8(ascii: "="): valueOfKey(before: index)
        case UInt8(ascii: ":"): passwordInURL(at: index) ?? valueOfKey(before: index)
        case UInt8(ascii: "b"), UInt8(ascii: "B"): bearerToken(at: index)
        case UInt8(ascii: "v"): sealedToken(at: index)
        default: nil
        }
    }

    // MARK: JSON Web Tokens

    /// `eyJ…` with everything that is joined to it by dots, also where quotes, backslashes or blanks stand at a dot.
    private func webToken(at start: Int) -> Range<Int>? {
        guard start + 2 < bytes.count, bytes[start + 1] == UInt8(ascii: "y"), bytes[start + 2] == UInt8(ascii: "J"),
            start == 0 || !isTokenByte(bytes[start - 1])
        else { return nil }
        var end = run(from: start, while: isTokenByte)
        while let next = segment(after: end) { end = next }
        // Shorter than this there is no room for a header, and words that start like it are spared.
        return end - start >= 16 ? start..<end : nil
    }

    /// The end of a further part of the token, when a dot with only glue around it follows `end`.
    private func segment(after end: Int) -> Int? {
        let dot = run(from: end, limit: 8, while: isGlue)
        guard dot < bytes.count, bytes[dot] == UInt8(ascii: ".") else { return nil }
        let start = run(from: dot + 1, limit: 8, while: isGlue)
        let next = run(from: start, while: isTokenByte)
        // A short word after a full stop and blanks is the next sentence, not a part of the token.
        let isNextSentence = start > dot + 1 && next - start < 16 && bytes[(dot + 1)..<start].allSatisfy(isBlank)
        return next > start && !isNextSentence ? next : nil
    }

    private func bearerToken(at start: Int) -> Range<Int>? {
        guard matches("bearer", at: start), start == 0 || !isTokenByte(bytes[start - 1]) else { return nil }
        let gap = start + 6
        let value = run(from: gap, limit: 16, while: isGlue)
        let end = run(from: value, while: { isTokenByte($0) || $0 == 0x2E || $0 == 0x2B || $0 == 0x2F || $0 == 0x3D })
        return value > gap && end - value >= 8 ? value..<end : nil
    }

    /// What `TokenSealer` makes: `v1.`, the id of a key, and three parts in base64url. It opens nothing without the keyring, but it is
    /// nobody's business either.
    private func sealedToken(at start: Int) -> Range<Int>? {
        guard matches("v1.", at: start), start == 0 || !isTokenByte(bytes[start - 1]) else { return nil }
        var end = start + 2
        for _ in 0..<4 {
            guard end < bytes.count, bytes[end] == 0x2E else { return nil }
            let next = run(from: end + 1, while: isTokenByte)
            guard next > end + 1 else { return nil }
            end = next
        }
        return end - start >= 40 ? start..<end : nil
    }

    // MARK: Keys and values

    /// Whether the name that ends before `nameEnd` announces a secret: names that always do, and before an equals sign or in quotes
    /// also those that are words, such as `token`.
    private func namesSecret(endingAt nameEnd: Int, separator: Int) -> Bool {
        if SecretNames.anywhereBytes.contains(where: { endsWith($0, at: nameEnd) }) { return true }
        guard let base = bytes.baseAddress, nameEnd > 0, isTokenByte(bytes[nameEnd - 1]) else { return false }
        var start = nameEnd
        while start > 0, nameEnd - start < 64, isTokenByte(bytes[start - 1]) { start -= 1 }
        if bytes[separator] == UInt8(ascii: "=") {
            let isParameter = start > 0 && (bytes[start - 1] == 0x3F || bytes[start - 1] == 0x26)
            return SecretNames.isSecretParameter(base, start: start, end: nameEnd, isParameter: isParameter)
        }
        guard start > 0, isQuote(bytes[start - 1]), nameEnd < separator,
            isQuote(bytes[nameEnd]) || bytes[nameEnd] == 0x5C,
            let kind = SecretNames.kind(base, start: start, end: nameEnd)
        else { return false }
        return kind == .text || kind == .textOrNumber
    }

    /// The value after the `=` or `:` at `separator`, when the name before it is one of a secret.
    private func valueOfKey(before separator: Int) -> Range<Int>? {
        var nameEnd = separator
        while nameEnd > 0, separator - nameEnd < 8, isGlue(bytes[nameEnd - 1]) { nameEnd -= 1 }
        guard namesSecret(endingAt: nameEnd, separator: separator) else { return nil }
        var start = separator + 1
        // `=>` and `:=` and `==`.
        if start < bytes.count, bytes[start] == 0x3E || bytes[start] == 0x3D { start += 1 }
        start = run(from: start, limit: 8, while: isBlank)
        guard start < bytes.count else { return nil }

        let slashes = run(from: start, limit: 8) { $0 == 0x5C } - start
        if start + slashes < bytes.count, isQuote(bytes[start + slashes]) {
            return quotedValue(from: start + slashes, slashes: slashes)
        }
        var end = run(from: start, while: isValueByte)
        // `Authorization: Bearer abc`: the scheme is a word, the secret the next one.
        if matches("bearer", at: start) || matches("basic", at: start) {
            end = run(from: run(from: end, limit: 8, while: isBlank), while: isValueByte)
        }
        return end > start ? start..<end : nil
    }

    /// What stands between the quote at `quote` and the same quote behind as many backslashes.
    private func quotedValue(from quote: Int, slashes: Int) -> Range<Int>? {
        let start = quote + 1
        var index = start
        var before = 0
        while index < bytes.count {
            if bytes[index] == bytes[quote], before == slashes { return start..<index - slashes }
            before = bytes[index] == 0x5C ? before + 1 : 0
            index += 1
        }
        return start..<bytes.count
    }

    // MARK: URLs

    /// The password of `scheme://user:password@host`; `colon` is the one of `://`.
    private func passwordInURL(at colon: Int) -> Range<Int>? {
        guard matches("://", at: colon) else { return nil }
        let start = colon + 3
        let authority = run(from: start) { isURLByte($0) && $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
        if let password = password(from: start, to: authority) { return password }
        // A slash that should have been escaped ends the authority early; a port is what may stand there by right.
        guard let first = bytes[start..<authority].firstIndex(of: 0x3A), first + 1 < authority,
            !bytes[(first + 1)..<authority].allSatisfy({ (0x30...0x39).contains($0) }), bytes[start] != 0x5B
        else { return nil }
        return password(from: start, to: run(from: start, limit: 512, while: isURLByte))
    }

    private func password(from start: Int, to end: Int) -> Range<Int>? {
        guard let at = bytes[start..<end].lastIndex(of: 0x40), let first = bytes[start..<at].firstIndex(of: 0x3A),
            first + 1 < at
        else { return nil }
        return (first + 1)..<at
    }

    // MARK: Bytes

    private func run(from start: Int, limit: Int = .max, while holds: (UInt8) -> Bool) -> Int {
        var index = start
        while index < bytes.count, index - start < limit, holds(bytes[index]) { index += 1 }
        return index
    }

    private func matches(_ word: StaticString, at start: Int) -> Bool {
        guard start + word.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where lowered(bytes[start + offset]) != word.utf8Start[offset] {
            return false
        }
        return true
    }

    private func endsWith(_ word: [UInt8], at end: Int) -> Bool {
        guard end >= word.count else { return false }
        let start = end - word.count
        for offset in 0..<word.count {
            // Names are written with hyphens too.
            let byte = lowered(bytes[start + offset])
            if byte != word[offset], !(byte == 0x2D && word[offset] == 0x5F) { return false }
        }
        return true
    }

    private func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }

    /// Blanks, quotes, < > and backslashes end a URL.
    private func isURLByte(_ byte: UInt8) -> Bool {
        !isBlank(byte) && !isQuote(byte) && byte != 0x3C && byte != 0x3E && byte != 0x5C
    }

    /// What may stand between the parts of something that was cut up by quoting.
    private func isGlue(_ byte: UInt8) -> Bool { isBlank(byte) || isQuote(byte) || byte == 0x5C || byte == 0x2B }

    /// What a value without quotes is made of.
    private func isValueByte(_ byte: UInt8) -> Bool {
        if isBlank(byte) || isQuote(byte) || byte == 0x5C { return false }
        // & , ; ) ] }
        return byte != 0x26 && byte != 0x2C && byte != 0x3B && byte != 0x29 && byte != 0x5D && byte != 0x7D
    }
}
