@_spi(_Unicode) import Swift

/// Makes text of others fit for a sentence: one line, no control characters, normalised to NFC, not too long.
enum OneLine {
    /// Characters of a name, a title or a state that a sentence tells.
    static let wordsLimit = 80

    /// `text` with every run of white space and control characters as one space, none at its ends, cut after `limit` characters.
    static func text(_ text: String, limit: Int) -> String {
        var isPlain = text.utf8.count <= limit
        var isAfterSpace = true
        for byte in text.utf8 where isPlain {
            if byte < 0x20 || byte >= 0x7F || byte == 0x20 && isAfterSpace { isPlain = false }
            isAfterSpace = byte == 0x20
        }
        if isPlain, !isAfterSpace || text.isEmpty { return text }
        var scalars = String.UnicodeScalarView()
        var wantsSpace = false
        for scalar in text.unicodeScalars {
            let isGap =
                scalar.properties.isWhitespace || scalar.properties.generalCategory == .control || scalar == "\u{FEFF}"
            if isGap {
                wantsSpace = !scalars.isEmpty
                continue
            }
            if wantsSpace { scalars.append(" ") }
            wantsSpace = false
            scalars.append(scalar)
        }
        let composed = String(String.UnicodeScalarView(String(scalars)._nfc))
        return composed.count > limit ? trimmed(String(composed.prefix(limit))) : composed
    }

    /// Words for a name that a program gave, such as `living_room.main-light`.
    static func words(_ identifier: some StringProtocol) -> String {
        text(String(identifier.map { "_-./:".contains($0) ? " " : $0 }), limit: wordsLimit)
    }

    /// Words for a state that no table knows. One with many digits, such as a time or a number of a run, is another each time,
    /// and its digits tell nothing: they are left out, so that it stays one text.
    static func state(_ text: String) -> String {
        guard text.utf8.reduce(0, { $0 + ($1 &- 0x30 <= 9 ? 1 : 0) }) >= 8 else { return words(text) }
        let kept = words(text).split(separator: " ").filter { !$0.utf8.contains { $0 &- 0x30 <= 9 } }
        return kept.isEmpty ? "another value" : kept.joined(separator: " ")
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
