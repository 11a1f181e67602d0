import Testing

@testable import Console

@Suite("Page cursors")
struct PageCursorTests {
    @Test(
        "What is written is read",
        arguments: [
            ["a"], ["2026-11-21T08:30:00Z", "f81d4fae"], ["", "ü", "x"], [String(repeating: "z", count: 255)],
        ])
    func roundTrip(parts: [String]) throws {
        let cursor =
            switch parts.count {
            case 1: PageCursor(after: parts[0])
            case 2: PageCursor(after: parts[0], parts[1])
            default: PageCursor(after: parts[0], parts[1], parts[2])
            }
        #expect(PageCursor(cursor.text)?.parts == parts)
    }

    @Test("What nobody wrote is refused", arguments: ["", "0", "zz", "05ab", "ff", "0100", "01ff"])
    func refused(text: String) {
        #expect(PageCursor(text) == nil)
    }
}
