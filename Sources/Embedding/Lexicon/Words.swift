/// Takes a text apart into words in small letters without accents: `Küche, CO₂: 21.5 °C` gives `kuche co2 21 5 c`.
enum Words {
    /// More words than this are not looked at, nor more letters of a word: a hostile text costs no more than a long one.
    static let countLimit = 256
    static let lengthLimit = 40

    /// The words in their order. A composed accent and a decomposed one give the same word.
    static func split(_ text: some StringProtocol) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func finish() {
            guard !word.isEmpty else { return }
            words.append(String(word))
            word.removeAll(keepingCapacity: true)
        }
        var afterApostrophe = false
        for scalar in text.unicodeScalars {
            if words.count >= countLimit { return words }
            if isApostrophe(scalar) {
                afterApostrophe = !word.isEmpty
                continue
            }
            if scalar.properties.generalCategory == .nonspacingMark { continue }
            guard isPartOfWord(scalar) else {
                dropPossessive(&word, afterApostrophe)
                finish()
                afterApostrophe = false
                continue
            }
            if afterApostrophe, !(scalar == "s" || scalar == "t") {
                // `l'entrée`, `dell'ingresso`: the article is a word of its own.
                finish()
                afterApostrophe = false
            }
            guard word.count < lengthLimit else { continue }
            append(scalar, to: &word)
        }
        dropPossessive(&word, afterApostrophe)
        finish()
        return words
    }

    /// `Emma's` is about Emma.
    private static func dropPossessive(_ word: inout String.UnicodeScalarView, _ afterApostrophe: Bool) {
        if afterApostrophe, word.count > 1, word.last == "s" { word.removeLast() }
    }

    private static func isApostrophe(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "'" || scalar == "\u{2019}" || scalar == "\u{2BC}"
    }

    private static func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        let properties = scalar.properties
        if properties.isAlphabetic || properties.numericType != nil { return true }
        // Signs that mean words of themselves.
        return properties.isEmojiPresentation
    }

    private static func append(_ scalar: Unicode.Scalar, to word: inout String.UnicodeScalarView) {
        if ("A"..."Z").contains(scalar), let small = Unicode.Scalar(scalar.value + 32) {
            word.append(small)
            return
        }
        if scalar.isASCII {
            word.append(scalar)
            return
        }
        for small in scalar.properties.lowercaseMapping.unicodeScalars {
            if let plain = plainLetters[small] {
                word.append(contentsOf: plain.unicodeScalars)
            } else if small.properties.generalCategory != .nonspacingMark {
                word.append(small)
            }
        }
    }

    /// Letters with an accent, by the letters without.
    private static let plainLetters: [Unicode.Scalar: String] = {
        let groups: [(plain: String, letters: String)] = [
            ("a", "àáâãäåāăąǎ"), ("ae", "æ"), ("c", "çćĉċč"), ("d", "ďđð"), ("e", "èéêëēĕėęě"), ("g", "ĝğġģ"),
            ("h", "ĥħ"), ("i", "ìíîïĩīĭįı"), ("ij", "ĳ"), ("j", "ĵ"), ("k", "ķ"), ("l", "ĺļľŀł"), ("n", "ñńņňŉ"),
            ("o", "òóôõöøōŏő"), ("oe", "œ"), ("r", "ŕŗř"), ("s", "śŝşšș"), ("ss", "ß"), ("t", "ţťŧț"), ("th", "þ"),
            ("u", "ùúûüũūŭůűų"), ("w", "ŵ"), ("y", "ýÿŷ"), ("z", "źżž"), ("m", "µμ"),
            ("0", "₀⁰"), ("1", "₁¹"), ("2", "₂²"), ("3", "₃³"), ("4", "₄⁴"), ("5", "₅⁵"),
        ]
        var table: [Unicode.Scalar: String] = [:]
        for group in groups {
            for letter in group.letters.unicodeScalars where letter.properties.generalCategory != .nonspacingMark {
                table[letter] = group.plain
            }
        }
        return table
    }()
}
