/// The words and pieces of words that the model knows, and their ids: the line numbers of `vocab.txt`.
package struct Vocabulary: Sendable {
    /// What stands at the start of every text.
    package let classification: Int32
    /// What stands at the end of every text.
    package let separator: Int32
    /// What stands for a word that cannot be put together.
    package let unknown: Int32

    /// The tokens that are no words, by their names.
    let specials: [(name: String, id: Int32)]

    /// The number of bytes of the longest piece, without its marks.
    let longestPiece: Int

    private let bytes: [UInt8]
    /// Where each word starts, and the end of the last plus its line break.
    private let starts: [UInt32]
    /// An open hash table of ids plus one; 0 is free.
    private let slots: [UInt16]

    private static let slotCount = 65_536
    /// Pieces that go on within a word are listed with two marks before them.
    private static let marks: [UInt8] = [0x23, 0x23]

    /// Reads the words of `lines`, one a line. Throws `.damaged` unless all `MiniLMShape.vocabulary` of them are there.
    package init(lines: some Collection<UInt8>) throws(ModelError) {
        bytes = Array(lines)
        var starts: [UInt32] = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(UInt32(offset + 1)) }
        if bytes.last != 0x0A { starts.append(UInt32(bytes.count + 1)) }
        guard starts.count == MiniLMShape.vocabulary + 1 else {
            throw ModelError(
                .damaged,
                "The vocabulary of the model has \(starts.count - 1) words instead of \(MiniLMShape.vocabulary).")
        }
        self.starts = starts
        var slots = [UInt16](repeating: 0, count: Self.slotCount)
        var longest = 0
        for id in 0..<MiniLMShape.vocabulary {
            let word = bytes[Int(starts[id])..<Int(starts[id + 1]) - 1]
            longest = max(longest, word.starts(with: Self.marks) ? word.count - Self.marks.count : word.count)
            var slot = Self.slot(word)
            while slots[slot] != 0 { slot = (slot + 1) % Self.slotCount }
            slots[slot] = UInt16(id + 1)
        }
        self.slots = slots
        longestPiece = longest
        guard let classification = Self.find(Array("[CLS]".utf8)[...], bytes, starts, slots),
            let separator = Self.find(Array("[SEP]".utf8)[...], bytes, starts, slots),
            let unknown = Self.find(Array("[UNK]".utf8)[...], bytes, starts, slots)
        else { throw ModelError(.damaged, "The vocabulary of the model lacks one of [CLS], [SEP] and [UNK].") }
        self.classification = classification
        self.separator = separator
        self.unknown = unknown
        var specials: [(name: String, id: Int32)] = []
        for name in ["[CLS]", "[SEP]", "[UNK]", "[MASK]", "[PAD]"] {
            if let id = Self.find(Array(name.utf8)[...], bytes, starts, slots) { specials.append((name, id)) }
        }
        self.specials = specials
    }

    /// The id of a piece that starts a word.
    func id(starting piece: ArraySlice<UInt8>) -> Int32? { Self.find(piece, bytes, starts, slots) }

    /// The id of a piece that goes on within a word, given without its marks.
    func id(continuing piece: ArraySlice<UInt8>) -> Int32? {
        Self.find(piece, marked: true, bytes, starts, slots)
    }

    private static func find(
        _ piece: ArraySlice<UInt8>, marked: Bool = false, _ bytes: [UInt8], _ starts: [UInt32], _ slots: [UInt16]
    ) -> Int32? {
        let head = marked ? marks.count : 0
        var slot = slot(piece, marked: marked)
        while slots[slot] != 0 {
            let id = Int(slots[slot]) - 1
            let start = Int(starts[id])
            let end = Int(starts[id + 1]) - 1
            if end - start == piece.count + head, bytes[start + head..<end].elementsEqual(piece),
                bytes[start..<start + head].elementsEqual(marks.prefix(head))
            {
                return Int32(id)
            }
            slot = (slot + 1) % slotCount
        }
        return nil
    }

    /// Where a word's search begins: FNV-1a, folded.
    private static func slot(_ piece: ArraySlice<UInt8>, marked: Bool = false) -> Int {
        var hash: UInt32 = 2_166_136_261
        if marked { for byte in marks { hash = (hash ^ UInt32(byte)) &* 16_777_619 } }
        for byte in piece { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int((hash ^ hash >> 16) & UInt32(slotCount - 1))
    }
}
