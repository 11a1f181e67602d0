import BridgeCore
import Testing

@testable import BridgeCommand

@Suite struct TextTableTests {
    private static let widths: [(String, Int)] = [
        ("", 0), ("abc", 3), ("Häuschen", 8), ("Ha\u{308}uschen", 8), ("家", 2), ("ｗｉｄｅ", 8), ("한글", 4), ("🏠", 2),
        ("👨‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("→", 1), ("°C", 2), ("a\u{200B}b", 2),
    ]

    @Test(arguments: widths) func measuresColumnsOfTerminal(_ text: String, _ width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    private static let cuts: [(String, Int, String)] = [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("家家家", 5, "家家…"), ("家家家", 4, "家…"), ("abc", 1, "…"),
        ("abc", 0, ""),
    ]

    @Test(arguments: cuts) func cutsTextAtCharacters(_ text: String, _ limit: Int, _ expected: String) {
        #expect(DisplayWidth.fitting(text, limit) == expected)
    }

    @Test func alignsColumnsByWhatATerminalShows() {
        let table = TextTable([.init("NAME"), .init("N", .right)], rows: [["家", "1"], ["home", "100"], ["", ""]])
        #expect(table.lines(terminal: .none) == ["NAME    N", "家      1", "home  100", ""])
    }

    @Test func shortensFlexibleColumnsToTheTerminal() {
        let table = TextTable(
            [.init("ID"), .init("WHAT", isFlexible: true)], rows: [["12345", String(repeating: "x", count: 100)]])
        let lines = table.lines(terminal: .init(columns: 30))
        #expect(lines.map(DisplayWidth.of) == [11, 30])
        #expect(lines.last?.hasSuffix("x…") == true)
        #expect(table.lines(terminal: .none).last?.count == 107)
    }

    @Test func keepsColumnsReadableOnATerminalThatIsTooNarrow() {
        let table = TextTable([.init("A", isFlexible: true), .init("B")], rows: [["123456789012", "123456789012"]])
        #expect(table.lines(terminal: .init(columns: 5)).last == "1234567…  123456789012")
    }

    @Test func coloursTheHeadingOfATerminalOnly() {
        let table = TextTable([.init("A")], rows: [["1"]])
        #expect(table.lines(terminal: .init(hasColour: true)) == ["\u{1B}[1mA\u{1B}[0m", "1"])
        #expect(table.lines(terminal: .none) == ["A", "1"])
    }

    @Test func disarmsWhatCouldDriveTheTerminal() {
        let table = TextTable([.init("A")], rows: [["\u{1B}[31mred\n\u{202E}x\u{9B}"]])
        #expect(table.lines(terminal: .none) == ["A", "␛[31mred␊\u{FFFD}x\u{FFFD}"])
        #expect(PrintableText.of("a\nb", keepsNewlines: true) == "a\nb")
        #expect(PrintableText.of("Grüße 👨‍👩‍👧 →") == "Grüße 👨‍👩‍👧 →")
    }

    private static let sizes: [(Int, String)] = [
        (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"), (49_152, "48.0 KiB"),
        (1 << 20, "1.0 MiB"), (5 << 30, "5.0 GiB"), (3 << 42, "12.0 TiB"),
    ]

    @Test(arguments: sizes) func writesBytesForPeople(_ bytes: Int, _ text: String) {
        #expect(ByteText.of(bytes) == text)
    }
}
