import Glibc
import Testing

@testable import Cryptography

@Suite struct SHA256DigestTests {
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func publishedVectors() throws {
        #expect(try sha256Hex([]) == Self.empty)
        #expect(try sha256Hex("abc".utf8) == Self.abc)
        #expect(
            try sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            try sha256Hex([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func oneDigestServesManyInputs() throws {
        var digest = try SHA256Digest()
        for _ in 0..<3 {
            #expect(try digest.finish().hex == Self.empty)
            try digest.update("a")
            try digest.update("")
            try digest.update("bc")
            #expect(try digest.finish().hex == Self.abc)
            // What was fed before a whole digest is dropped.
            try digest.update("left over")
            let whole = try Array("abc".utf8).withUnsafeBytes { try digest.digest($0) }
            #expect(whole.hex == Self.abc)
        }
    }

    @Test func theHashGivesItsBytesInOrder() throws {
        var digest = try SHA256Digest()
        try digest.update("abc")
        let hash = try digest.finish()
        #expect(hash.bytes.count == 32)
        #expect(hash.bytes.prefix(4).elementsEqual([0xBA, 0x78, 0x16, 0xBF]))
        #expect(hash.leadingWords.0 == 0xBA78_16BF_8F01_CFEA)
        #expect(hash.leadingWords.1 == 0x4141_40DE_5DAE_2223)
        #expect(hash.description == Self.abc)
    }
}

@Suite struct ProcessHardeningTests {
    @Test func aHardenedProcessLeavesNoDump() async {
        await #expect(processExitsWith: .success) {
            try hardenProcess()
            var limit = rlimit()
            let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 && limit.rlim_max == 0
            exit(isLimited && !processAllowsMemoryDumps ? 0 : 1)
        }
    }
}

@Suite struct Base64Tests {
    @Test func encodesAndDecodesEveryLength() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
            for variant in [Base64.Variant.standard, .url] {
                var text: [UInt8] = []
                bytes.withUnsafeBytes { Base64.encode($0, variant, into: &text) }
                #expect(decode(text, variant) == bytes)
            }
        }
    }

    @Test func agreesWithTheBook() {
        var text: [UInt8] = []
        Array("foob".utf8).withUnsafeBytes { Base64.encode($0, .standard, into: &text) }
        #expect(text == Array("Zm9vYg==".utf8))
        text = []
        ([0xFB, 0xFF, 0xFE] as [UInt8]).withUnsafeBytes { Base64.encode($0, .url, into: &text) }
        #expect(text == Array("-__-".utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v====", "=", "====", "Zg==Zg==", "Zm 9", "Zm9v\n"])
    func anythingButTheOneTextIsRefused(_ text: String) {
        #expect(decode(Array(text.utf8), .standard) == nil)
    }

    private func decode(_ text: [UInt8], _ variant: Base64.Variant) -> [UInt8]? {
        text.withUnsafeBytes { source in
            guard let count = Base64.decodedCount(source, variant) else { return nil }
            var target = [UInt8](repeating: 0, count: count)
            return target.withUnsafeMutableBytes { Base64.decode(source, variant, into: $0) } ? target : nil
        }
    }
}
