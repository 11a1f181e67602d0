// The standard library's own decomposition, which it shares with Foundation. Nothing public gives it without Foundation.
@_spi(_Unicode) import Swift

/// Cuts texts into the pieces of words that the model was trained on: BERT's rules for lower case.
///
/// A text is cleaned of control characters, spread at Chinese characters, taken apart into base letters without accents, lowered,
/// and split at white space and punctuation. Each word is then covered from its start by the longest known pieces.
package struct WordPieceTokenizer: Sendable {
    /// A word of more characters is unknown as a whole.
    static let maximumWordLength = 100

    private let vocabulary: Vocabulary
    private let maximumTokens: Int

    /// Cuts texts longer than `maximumTokens`, special tokens included. At least 2.
    package init(_ vocabulary: Vocabulary, maximumTokens: Int = MiniLMShape.maximumTokens) {
        self.vocabulary = vocabulary
        self.maximumTokens = max(2, maximumTokens)
    }

    /// The ids of `text` between those of start and end: 2 to `maximumTokens`. Takes time in proportion to the text, whatever it is.
    package func encode(_ text: String) -> [Int32] {
        var pieces = Pieces(vocabulary, limit: maximumTokens - 1)
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex, !pieces.isFull {
            let scalar = scalars[index]
            if scalar == "[", let (id, end) = special(in: scalars, at: index) {
                pieces.take(special: id)
                index = end
                continue
            }
            scalars.formIndex(after: &index)
            if scalar.isASCII {
                pieces.take(ascii: UInt8(truncatingIfNeeded: scalar.value))
            } else {
                pieces.take(scalar)
            }
        }
        pieces.endWord()
        return pieces.ids + [vocabulary.separator]
    }

    /// The special token that is spelled out at `start`, and where it ends. Its makers' tokenizer takes such words by name.
    private func special(
        in scalars: String.UnicodeScalarView, at start: String.Index
    ) -> (id: Int32, end: String.Index)? {
        for (name, id) in vocabulary.specials where scalars[start...].starts(with: name.unicodeScalars) {
            return (id, scalars.index(start, offsetBy: name.unicodeScalars.count))
        }
        return nil
    }

    /// The pieces found so far and the word being read.
    private struct Pieces {
        private(set) var ids: [Int32]
        private let vocabulary: Vocabulary
        private let limit: Int
        private var word: [UInt8] = []
        private var wordLength = 0

        init(_ vocabulary: Vocabulary, limit: Int) {
            self.vocabulary = vocabulary
            self.limit = limit
            ids = [vocabulary.classification]
            ids.reserveCapacity(32)
            word.reserveCapacity(32)
        }

        var isFull: Bool { ids.count >= limit }

        mutating func take(special id: Int32) {
            endWord()
            if !isFull { ids.append(id) }
        }

        mutating func take(ascii byte: UInt8) {
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x20: endWord()
            // Control characters vanish; the word goes on.
            case 0..<0x20, 0x7F: break
            case 0x41...0x5A: append(byte + 0x20)
            case 0x30...0x39, 0x61...0x7A: append(byte)
            default:
                endWord()
                append(byte)
                endWord()
            }
        }

        mutating func take(_ scalar: Unicode.Scalar) {
            let properties = scalar.properties
            switch properties.generalCategory {
            case .control, .format, .unassigned, .privateUse, .surrogate: return
            default: break
            }
            if scalar == "\u{FFFD}" { return }
            if properties.isWhitespace { return endWord() }
            let standsAlone = Self.isChinese(scalar)
            if standsAlone { endWord() }
            for part in String(scalar)._nfd where part.properties.generalCategory != .nonspacingMark {
                for lowered in part.properties.lowercaseMapping.unicodeScalars {
                    let isPunctuation = Self.isPunctuation(lowered)
                    if isPunctuation { endWord() }
                    append(lowered)
                    if isPunctuation { endWord() }
                }
            }
            if standsAlone { endWord() }
        }

        private mutating func append(_ byte: UInt8) {
            wordLength += 1
            if wordLength <= WordPieceTokenizer.maximumWordLength { word.append(byte) }
        }

        private mutating func append(_ scalar: Unicode.Scalar) {
            wordLength += 1
            if wordLength <= WordPieceTokenizer.maximumWordLength { word.append(contentsOf: String(scalar).utf8) }
        }

        mutating func endWord() {
            guard wordLength > 0 else { return }
            let known = ids.count
            if wordLength > WordPieceTokenizer.maximumWordLength || !appendPieces() {
                ids.removeSubrange(known...)
                ids.append(vocabulary.unknown)
            }
            if ids.count > limit { ids.removeSubrange(limit...) }
            word.removeAll(keepingCapacity: true)
            wordLength = 0
        }

        /// Covers the word with known pieces. Returns whether that was possible.
        private mutating func appendPieces() -> Bool {
            var start = 0
            while start < word.count {
                var end = min(word.count, start + vocabulary.longestPiece)
                var found: Int32?
                while end > start {
                    // Never through the middle of a character.
                    if end == word.count || word[end] & 0xC0 != 0x80 {
                        let piece = word[start..<end]
                        found = start == 0 ? vocabulary.id(starting: piece) : vocabulary.id(continuing: piece)
                        if found != nil { break }
                    }
                    end -= 1
                }
                guard let found else { return false }
                ids.append(found)
                start = end
            }
            return true
        }

        private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
            if scalar.isASCII { return !(scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)) }
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                return true
            default: return false
            }
        }

        /// Characters that are words of their own: the ideographs of the blocks that BERT names.
        private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
                0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
                true
            default: false
            }
        }
    }
}
