import Testing

@testable import Embedding

@Suite struct WordsTests {
    @Test(arguments: [
        ("Küche, CO₂: 21.5 °C", ["kuche", "co2", "21", "5", "c"]), ("Emma's Room", ["emma", "room"]),
        ("don't", ["dont"]), ("l'entrée", ["l", "entree"]), ("STRAẞE Straße", ["strasse", "strasse"]),
        ("Ku\u{308}che", ["kuche"]), ("light.kitchen_ceiling", ["light", "kitchen", "ceiling"]), ("", []),
        ("\0 \n", []), ("кухня", ["кухня"]), ("İstanbul ışık", ["istanbul", "isik"]),
    ])
    func splitsAndFolds(text: String, words: [String]) {
        #expect(Words.split(text) == words)
    }

    @Test func boundsWhatItReads() {
        #expect(Words.split(String(repeating: "a ", count: 10_000)).count == Words.countLimit)
        #expect(Words.split(String(repeating: "x", count: 10_000)).first?.count == Words.lengthLimit)
    }

    @Test(arguments: [
        ["open", "opens", "opened", "opening"], ["close", "closes", "closed", "closing"], ["dim", "dimmed", "dimming"],
        ["dry", "dried", "drying"], ["charge", "charging", "charged"], ["switch", "switches", "switched"],
        ["leave", "leaves", "leaving"], ["battery", "batteries"], ["rise", "rose", "rising"], ["drip", "dripping"],
        ["child", "children", "kids"], ["stop", "stopped", "stopping"], ["empty", "emptied"],
    ])
    func givesTheFormsOfAWordOneStem(forms: [String]) {
        #expect(Set(forms.map(Stemmer.stem)).count == 1, "\(forms.map(Stemmer.stem))")
    }

    @Test(arguments: [["bed", "being"], ["wash", "was"], ["light", "night"], ["speed", "sped"], ["gas", "go"]])
    func keepsDifferentWordsApart(words: [String]) {
        #expect(Set(words.map(Stemmer.stem)).count == words.count)
    }
}
