import Testing

@testable import Embedding

@Suite struct GlossaryTests {
    @Test(arguments: [
        ("Schlafzimmer Temperatur", "bedroom temperature"), ("Küche", "kitchen"), ("Ku\u{308}che", "kitchen"),
        ("Stehlampe", "floor lamp"), ("Kellertür", "basement cellar door"), ("Wohnzimmerfenster", "living room window"),
        ("Fenêtre salle de bain", "window bathroom"), ("Volet bureau", "roller shutter office desk"),
        ("Luz del dormitorio", "light bedroom"), ("Porta d'ingresso", "front door"), ("Ytterdörr", "front door"),
        ("Taklampa kök", "ceiling lamp kitchen"), ("Voordeur", "front door"), ("Stopcontact keuken", "outlet kitchen"),
        ("Soveværelse lampe", "bedroom lamp"), ("Pralka w łazience", "washing machine bathroom"), ("Bad", "bathroom"),
        ("кухня свет", "kitchen light"),
    ])
    func translatesNames(name: String, english: String) {
        #expect(Lexicon.gloss(name) == english)
    }

    @Test(arguments: [
        "Kitchen Ceiling Light", "Front Door", "", "   ", "Bad Lamp", "Hall Light", "Post Box", "Max", "Store Room",
        "ID.4 State of Charge", "HomePod Bedroom", "Portable Fan", "Four Seasons Lamp", "Garden Gate", "Sonos Beam",
    ])
    func leavesEnglishNamesAlone(name: String) {
        #expect(Lexicon.gloss(name) == nil)
    }

    @Test func translatesAWordThatIsEnglishTooBesideAForeignOne() {
        #expect(Lexicon.gloss("Bad Fenster") == "bathroom window")
    }

    @Test func isQuickToGiveUpOnALongWord() {
        #expect(Lexicon.gloss(String(repeating: "qx", count: 5_000)) == nil)
        #expect(Lexicon.gloss(String(repeating: "küche ", count: 5_000)) == "kitchen")
    }
}
