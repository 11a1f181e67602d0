import Testing

@testable import Embedding

@Suite struct LexiconTests {
    private func concepts(_ text: String) -> Set<String> { Set(Lexicon.shared.read(text).concepts.map(\.name)) }

    @Test(arguments: [
        ("sofa", "settee"), ("vacuum cleaner", "hoover"), ("tap", "faucet"), ("living room", "lounge"),
        ("fridge", "refrigerator"), ("toilet", "loo"), ("trash", "rubbish"), ("curtains", "drapes"),
        ("television", "telly"), ("attic", "loft"), ("car", "vehicle"), ("rain", "drizzle"), ("turned on", "lit up"),
        ("was closed", "was shut"), ("stopped", "halted"), ("arrived", "came home"), ("restarted", "rebooted"),
        ("became unavailable", "went offline"), ("jammed", "stuck"),
    ])
    func knowsSynonyms(left: String, right: String) {
        #expect(!concepts(left).isDisjoint(with: concepts(right)), "\(concepts(left)) \(concepts(right))")
    }

    @Test(arguments: [("turned on", "turned off"), ("opened", "closed"), ("locked", "unlocked"), ("hot", "frosty")])
    func keepsOppositesApart(left: String, right: String) {
        #expect(concepts(left).isDisjoint(with: concepts(right)), "\(concepts(left)) \(concepts(right))")
    }

    @Test func readsThePhraseRatherThanItsWords() {
        #expect(concepts("fire alarm").contains("smoke"))
        #expect(!concepts("fire alarm").contains("alarm system"))
        #expect(!concepts("dining room").contains("room"))
        #expect(!concepts("lamp on the desk").contains("on"))
    }

    @Test func dropsWordsThatSayNothing() {
        #expect(Lexicon.shared.read("When was the light on?").words == ["light", "on"])
    }

    @Test func sharesTheWeightOfAWordAmongItsMeanings() {
        let lexicon = Lexicon(concepts: ["one: alpha, beta\ntwo: beta\nthree*0.5: gamma"], stopWords: "")
        #expect(lexicon.read("alpha").concepts.map(\.weight) == [1])
        #expect(lexicon.read("gamma").concepts.map(\.weight) == [0.5])
        let shared = lexicon.read("beta").concepts.map(\.weight)
        #expect(shared.count == 2 && shared.allSatisfy { $0 > 0.5 && $0 < 1 })
    }

    @Test func hasNoLineThatItCannotRead() {
        for table in LexiconData.concepts {
            for line in table.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(line.split(separator: ":").count == 2, "\(line)")
            }
        }
        for table in LexiconData.glossaries {
            for line in table.split(separator: "\n") where !line.hasPrefix("#") {
                for item in line.split(separator: ";") { #expect(item.split(separator: "=").count == 2, "\(item)") }
            }
        }
    }
}
