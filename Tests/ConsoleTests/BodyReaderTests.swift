import NIOCore
import Testing

@testable import Console

@Suite("What the members of a body may be")
struct BodyReaderTests {
    private static func text(_ value: String) throws -> String? {
        let body = try BodyReader(
            ByteBuffer(string: #"{"reason":"\#(value)"}"#), contentType: "application/json", known: ["reason"])
        return try body.text("reason", limit: 4)
    }

    @Test("Text is counted in characters, as the description counts it")
    func limit() throws {
        #expect(try Self.text("abcd") == "abcd")
        #expect(try Self.text("💡💡💡💡") == "💡💡💡💡")
        // One letter to a reader, two characters to a schema.
        #expect(throws: Problem.self) { try Self.text("e\u{301}e\u{301}e") }
        #expect(throws: Problem.self) { try Self.text("abcde") }
        #expect(throws: Problem.self) { try Self.text(#"\u0000"#) }
    }

    @Test("A text of blanks says nothing, an accent upon a blank does")
    func blank() throws {
        #expect(throws: Problem.self) { try Self.text("") }
        #expect(throws: Problem.self) { try Self.text(" \u{a0}\\t") }
        #expect(try Self.text(" \u{301}") == " \u{301}")
    }
}
