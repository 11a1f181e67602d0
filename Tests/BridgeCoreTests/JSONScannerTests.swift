import Testing

@testable import BridgeCore

@Suite struct JSONScannerTests {
    private func scan(_ bytes: [UInt8]) throws(JSONScanError) -> JSONFindings {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONFindings, JSONScanError> in
            var scanner = JSONScanner(buffer, range: 0..<buffer.count)
            do throws(JSONScanError) {
                _ = try scanner.skipValue()
                try scanner.finish()
                return .success(scanner.findings)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    @Test(arguments: [
        "{}", "[]", "null", "true", "false", "0", "-0", "1.5", "-12.25e+3", "1E9", #""""#, #""a""#, " [ 1 , 2 ] ",
        #"{"a":{"b":[{"c":"d"},[],{}]},"e":null}"#, #""\"\\\/\b\f\n\r\t\u00e9""#, #""😀 \ud83d\ude00 é ü 漢字""#,
        #""exactly 8""#, #""1234567""#, #""12345678""#, #""123456789\"0""#, "\t\n\r {}",
    ])
    func acceptsJSON(text: String) throws {
        #expect(try scan(Array(text.utf8)) == [])
    }

    @Test(arguments: [
        ("", JSONScanError.Code.unexpectedEnd), ("{", .unexpectedEnd), ("[1,", .unexpectedEnd),
        (#"{"a""#, .unexpectedEnd),
        (#"{"a":1,}"#, .unexpectedByte), ("[1,]", .unexpectedByte), ("[1 2]", .unexpectedByte),
        ("{a:1}", .unexpectedByte),
        ("nul", .unexpectedEnd), ("nulx", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
        ("01", .unexpectedByte), ("1.", .unexpectedEnd), (".5", .unexpectedByte), ("1e", .unexpectedEnd),
        ("+1", .unexpectedByte), ("-", .unexpectedEnd), (#""abc"#, .unexpectedEnd),
        (#""\u12"#, .unexpectedEnd), (#""\"#, .unexpectedEnd), (#""\""#, .unexpectedEnd), ("1 2", .trailingBytes),
        ("{}x", .trailingBytes), ("'a'", .unexpectedByte),
    ])
    func refusesWhatIsNoJSON(text: String, code: JSONScanError.Code) {
        let error = #expect(throws: JSONScanError.self) { _ = try scan(Array(text.utf8)) }
        #expect(error?.code == code, "\(text)")
    }

    @Test(
        arguments: [
            (#""\u0000""#, JSONFindings.nulEscape), (#"{"a\u0000":1}"#, .nulEscape), (#""\ud800""#, .loneSurrogate),
            (#""\udc00x""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate), ("1e400", .hugeNumber),
            ("[1e131071]", .hugeNumber), (String(repeating: "9", count: 400), .hugeNumber),
            (#""\\u0000""#, JSONFindings()),
            (#""\ud83d\ude00""#, JSONFindings()), ("1e308", JSONFindings()), ("5e-324", JSONFindings()),
            ("1e-4000", .hugeNumber), (#""a\x""#, .invalidEscape), (#""\u12g4""#, .invalidEscape),
            (#""\u12""#, .invalidEscape),
            (#""\ud800\u12""#, [.loneSurrogate, .invalidEscape]), ("\"a\nb\"", .controlCharacter),
            ("\"\u{0}\"", .controlCharacter), ("{\"\t\":1}", .controlCharacter),
        ] as [(String, JSONFindings)])
    func findsWhatPostgresRefuses(text: String, findings: JSONFindings) throws {
        #expect(try scan(Array(text.utf8)) == findings)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80],
            [0xC3], [0xE2, 0x82], [0xFF],
        ] as [[UInt8]])
    func findsInvalidUTF8(bytes: [UInt8]) throws {
        #expect(try scan([0x22, 0x61] + bytes + [0x62, 0x22]) == .invalidUTF8)
    }

    @Test(
        arguments: [
            (#"\""#, []), ("é", []), ("\u{7F}", []), ("\u{1}", .controlCharacter), (#"\x"#, .invalidEscape),
            ("漢\u{1F}", .controlCharacter),
        ] as [(String, JSONFindings)])
    func findsWhatIsSpecialAtEveryPlace(special: String, findings: JSONFindings) throws {
        // Wherever the blocks of the search begin and end, and wherever the bytes do.
        for before in 0..<40 {
            for after in 0..<20 {
                let inside = String(repeating: "a", count: before) + special + String(repeating: "~", count: after)
                let text = Array("\"\(inside)\"".utf8)
                #expect(try scan(text) == findings)
                #expect(throws: JSONScanError.self) { try scan(text.dropLast()) }
                text.withUnsafeBufferPointer { buffer in
                    var scanner = JSONScanner(buffer, range: 0..<buffer.count)
                    let string = try? scanner.string()
                    #expect(string?.start == 1 && string?.end == text.count - 1)
                    #expect(string?.hasEscapes == special.hasPrefix("\\"))
                }
            }
        }
    }

    @Test func boundsNesting() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)).utf8)
        }
        #expect(try scan(nested(JSONScanner.maximumDepth)) == [])
        #expect(try scan(nested(JSONScanner.maximumDepth + 1)) == .tooDeep)
        #expect(try scan(nested(1_000_000)) == .tooDeep)
        let objects =
            String(repeating: #"{"a":[0,"#, count: 50_000) + "1" + String(repeating: "],\"b\":{}}", count: 50_000)
        #expect(try scan(Array(objects.utf8)) == .tooDeep)
    }

    @Test(arguments: [
        ("", JSONScanError.Code.unexpectedEnd), ("]", .trailingBytes), ("}", .unexpectedByte), (",", .unexpectedByte),
        ("1 2", .unexpectedByte), ("{\"a\"", .unexpectedByte), ("{1:2}", .unexpectedByte), ("[1,]", .unexpectedByte),
        ("[{},[[]],{\"a\":[],\"b\":{\"c\":1}}]}", .unexpectedByte),
    ])
    func refusesWhatIsNoJSONAlsoFarDown(inside: String, code: JSONScanError.Code) {
        let levels = JSONScanner.maximumDepth + 70
        let text =
            String(repeating: "[", count: levels) + inside
            + (inside.isEmpty ? "" : String(repeating: "]", count: levels))
        let error = #expect(throws: JSONScanError.self) { _ = try scan(Array(text.utf8)) }
        #expect(error?.code == code)
    }

    /// The scanner must never read beyond the end, whatever the bytes are: every prefix of a text is scanned alone.
    @Test func everyPrefixEndsWithAnErrorAndNothingWorse() {
        let text = Array(#"{"a":[1.5e3,"x\u00e9\"y",true,null,{"b":"漢字 text that is long"}],"c":-7}"#.utf8)
        for length in 0..<text.count {
            #expect(throws: JSONScanError.self) { _ = try scan(Array(text[..<length])) }
        }
    }

    @Test func flippedBytesNeverCrash() {
        let text = Array(#"{"type":"event","event":{"a":[1,2,{"b":"c\n"}]},"id":2}"#.utf8)
        for index in text.indices {
            for bit in 0..<8 {
                var copy = text
                copy[index] ^= 1 << UInt8(bit)
                _ = try? scan(copy)
                _ = skipped(copy)
            }
        }
    }

    // MARK: What nobody reads

    /// Where `skipUnread` and `skipValue` say that the value of `bytes` ends; `nil` for an error.
    private func skipped(_ bytes: [UInt8]) -> (unread: Int?, validated: Int?) {
        bytes.withUnsafeBufferPointer { buffer in
            var (unread, validated) = (
                JSONScanner(buffer, range: 0..<buffer.count), JSONScanner(buffer, range: 0..<buffer.count)
            )
            return ((try? unread.skipUnread())?.upperBound, (try? validated.skipValue())?.upperBound)
        }
    }

    @Test(arguments: [
        "{}", #"[{"b":[1,2,{}]},[]]"#, #"{"a":"}]"}"#, #"{"a":"\"}]\\","}":"{[\\\""}"#,
        #"{"\\":["\\\\",{"\\\\\"":0}]}"#, #""}""#, "12",
        "null", #"{"deep":[[[[[[[[[[[[[[[[[[[["]"]]]]]]]]]]]]]]]]]]]]}"#,
    ])
    func endsWhereTheValidatedValueEnds(text: String) {
        // Wherever the blocks of the search begin and end.
        for padding in 0..<140 {
            let value = Array(#"["\#(String(repeating: "x", count: padding))",\#(text)]"#.utf8)
            for bytes in [value, value + Array(#",{"more":"]"}]"#.utf8)] {
                #expect(skipped(bytes) == (value.count, value.count))
            }
            for count in padding..<value.count { #expect(skipped(Array(value[..<count])) == (nil, nil)) }
        }
    }

    @Test func whatIsWrongInsideIsLeftToTheReader() {
        #expect(skipped(Array(#"{"a":nope},1"#.utf8)) == (10, nil))
        #expect(skipped(Array(#"{"a":1]}"#.utf8)) == (7, nil))
        // A string that does not end hides the bracket.
        #expect(skipped(Array(#"{"a":"b}"#.utf8)) == (nil, nil))
    }
}

@Suite struct JSONTextTests {
    private func unescaped(_ inside: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        inside.withUnsafeBufferPointer {
            JSONText.append(JSONString(start: 0, end: $0.count, hasEscapes: inside.contains(0x5C)), of: $0, to: &output)
        }
        return output
    }

    @Test(arguments: [
        ("plain", "plain"), (#"a\"b\\c\/d"#, #"a"b\c/d"#), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"), (#"\u00e9"#, "é"),
        (#"\u20AC"#, "€"), (#"\ud83d\ude00!"#, "😀!"), (#"x\u0000y"#, "x\u{FFFD}y"), (#"\ud800"#, "\u{FFFD}"),
        (#"\ud800\u0041"#, "\u{FFFD}A"), ("漢字", "漢字"), (#"a\xb"#, "a\u{FFFD}xb"), (#"\u12g4"#, "\u{FFFD}u12g4"),
    ])
    func resolvesEscapes(inside: String, text: String) {
        #expect(unescaped(Array(inside.utf8)) == Array(text.utf8))
    }

    @Test(arguments: [
        (#"{"a":"x\u0000y"}"#, "{\"a\":\"x\u{FFFD}y\"}"),
        (#"["\ud800","\ud83d\ude00"]"#, "[\"\u{FFFD}\",\"\\ud83d\\ude00\"]"),
        (#"["\\u0000"]"#, #"["\\u0000"]"#), (#"{"a":1}"#, #"{"a":1}"#),
        ("[\n\"a\tb\u{1F}\"\t]", "[\n\"a\\u0009b\\u001f\"\t]"),
        ("[\"a\0\"]", "[\"a\u{FFFD}\"]"),
        (#"["\x","\u12g4","\ud83d\uzz"]"#, "[\"\u{FFFD}x\",\"\u{FFFD}u12g4\",\"\u{FFFD}\u{FFFD}uzz\"]"),
        (#"["\"\\\n","\\"]"#, #"["\"\\\n","\\"]"#),
    ])
    func repairsOnlyWhatPostgresRefuses(text: String, repaired: String) {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBufferPointer { JSONText.repaired($0, range: 0..<$0.count) }
        #expect(String(decoding: result, as: UTF8.self) == repaired)
    }

    @Test func repairsInvalidUTF8() {
        let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0xC3, 0xA9, 0xE2, 0x82, 0x22]
        let result = bytes.withUnsafeBufferPointer { JSONText.repaired($0, range: 0..<$0.count) }
        #expect(String(decoding: result, as: UTF8.self) == "\"a\u{FFFD}é\u{FFFD}\u{FFFD}\"")
    }

    @Test func quotesForJSON() {
        var output: [UInt8] = []
        JSONText.appendQuoted("a\"b\\c\n\u{1}é", to: &output)
        #expect(String(decoding: output, as: UTF8.self) == #""a\"b\\c\u000a\u0001é""#)
    }
}
