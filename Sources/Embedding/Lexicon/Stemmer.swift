/// Cuts English endings, so that `opened`, `opens` and `opening` are one word.
///
/// It only has to be the same for texts and queries; a stem need not be a word.
enum Stemmer {
    /// The stem of a word in small letters. Short words and those with other letters than a to z stay.
    static func stem(_ word: String) -> String {
        if let known = irregular[word] { return known }
        var letters = Array(word.utf8)
        guard letters.count > 3, letters.allSatisfy({ (0x61...0x7A).contains($0) }) else { return word }
        removePlural(&letters)
        removePastOrGerund(&letters)
        if letters.count > 3, letters.last == UInt8(ascii: "e") { letters.removeLast() }
        if letters.count > 2, letters.last == UInt8(ascii: "y"), !isVowel(letters[letters.count - 2]) {
            letters[letters.count - 1] = UInt8(ascii: "i")
        }
        return String(decoding: letters, as: UTF8.self)
    }

    private static func removePlural(_ letters: inout [UInt8]) {
        if ends(letters, "sses") || ends(letters, "shes") || ends(letters, "ches") || ends(letters, "xes") {
            letters.removeLast(2)
        } else if ends(letters, "ies") {
            letters.removeLast(2)
        } else if ends(letters, "s"), !ends(letters, "ss"), !ends(letters, "us"), !ends(letters, "is") {
            letters.removeLast()
        }
    }

    private static func removePastOrGerund(_ letters: inout [UInt8]) {
        let ending: Int
        if ends(letters, "ied") {
            letters.removeLast(1)
            letters[letters.count - 1] = UInt8(ascii: "i")
            letters.removeLast(letters.count > 3 && letters[letters.count - 2] == UInt8(ascii: "i") ? 1 : 0)
            return
        } else if ends(letters, "eed") {
            return
        } else if ends(letters, "ed") {
            ending = 2
        } else if ends(letters, "ing") {
            ending = 3
        } else {
            return
        }
        let root = letters.dropLast(ending)
        guard root.count >= 3 || (root.count == 2 && root.contains(where: isVowel)), root.contains(where: isVowel)
        else { return }
        letters.removeLast(ending)
        // `dimmed`, `dripping`: the doubled letter goes; `fall`, `buzz`, `press` keep theirs.
        let count = letters.count
        if count > 3, letters[count - 1] == letters[count - 2], !isVowel(letters[count - 1]),
            !"lsz".utf8.contains(letters[count - 1])
        {
            letters.removeLast()
        }
    }

    private static func ends(_ letters: [UInt8], _ ending: StaticString) -> Bool {
        guard letters.count > ending.utf8CodeUnitCount else { return false }
        return ending.withUTF8Buffer { letters.suffix($0.count).elementsEqual($0) }
    }

    private static func isVowel(_ letter: UInt8) -> Bool { "aeiouy".utf8.contains(letter) }

    /// Forms that no ending explains, by their stems.
    private static let irregular: [String: String] = {
        let forms = """
            open: opened opens opening; shut: shutting; go: goes going went gone; come: came comes coming; \
            leave: leaves leaving; ring: rang rung rings ringing; rise: rose risen rises rising; \
            fall: fell fallen falls falling; wake: woke woken wakes waking awoke; sleep: slept sleeping sleeps; \
            sit: sat sits sitting; get: got gets getting gotten; begin: began begun begins beginning; \
            run: ran runs running; stand: stood stands standing; draw: drew drawn draws drawing; \
            put: puts putting; take: took taken takes taking; break: broke broken breaks breaking; \
            freeze: froze frozen freezes freezing; lose: lost loses losing; blow: blew blown blows blowing; \
            shine: shone shines shining; slide: slid slides sliding; stick: stuck sticks sticking; \
            light: lit lights lighting; make: made makes making; drive: drove driven drives driving; \
            grow: grew grown grows growing; throw: threw thrown throws; wear: wore worn; sound: sounded sounds; \
            say: said says saying; speak: spoke spoken speaks speaking; see: saw seen sees seeing; \
            hear: heard hears hearing; feel: felt feels feeling; bring: brought brings bringing; \
            child: children kids kid; person: people persons; foot: feet; mouse: mice; tooth: teeth; \
            knife: knives; shelf: shelves; woman: women; man: men; \
            bath: baths; clothes: clothing; news: news; gas: gases; bus: buses; lens: lenses; \
            dry: dried dries drying; cry: cried cries crying; empty: emptied empties emptying
            """
        var table: [String: String] = [:]
        for group in forms.split(separator: ";") {
            let parts = group.split(separator: ":")
            guard parts.count == 2, let first = Words.split(parts[0]).first else { continue }
            table[first] = first
            for form in Words.split(parts[1]) { table[form] = first }
        }
        return table
    }()
}
