/// How many columns of a terminal a text takes.
enum DisplayWidth {
    /// The columns of `text`: East Asian wide characters and emoji take two, marks that combine with others none.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The columns of one character as a person sees it, however many scalars it is made of.
    static func of(_ character: Character) -> Int {
        var widest = 0
        for scalar in character.unicodeScalars {
            // U+FE0F asks for the emoji form of the character before it.
            widest = max(widest, scalar.value == 0xFE0F ? 2 : of(scalar))
        }
        return widest
    }

    /// `text` cut to at most `limit` columns, with `…` as the last of them when something was cut.
    static func fitting(_ text: String, _ limit: Int) -> String {
        guard of(text) > limit else { return text }
        guard limit > 0 else { return "" }
        var kept = ""
        var width = 0
        for character in text {
            let more = of(character)
            guard width + more <= limit - 1 else { break }
            kept.append(character)
            width += more
        }
        return kept + "…"
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        // The blocks of Unicode's East Asian Width "W" and "F", without the emoji above.
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x1B000...0x1B2FF, 0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }
}
