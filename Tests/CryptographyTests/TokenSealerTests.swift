import BridgeCore
import Testing

@testable import Cryptography

@Suite struct TokenSealerTests {
    static let token = "eyJhbGciOiJIUzI1NiJ9.example.token"
    /// Made by another implementation (Python's cryptography 48) with key bytes 0…31 and nonce bytes 100…111.
    static let foreign = "v1.k0.ZGVmZ2hpamtsbW5v.LWKUDhuuNfdxCxWhjx8jzAyrTDOlCYsTyqHALdXXyiPxhw.ZzOdo5BwFQeAJCSGQkbogQ"

    let binding: TokenBinding
    let otherConnection: ConnectionID
    let keyring: Keyring
    let sealer: TokenSealer

    init() throws {
        let connection = try #require(ConnectionID("11111111-2222-3333-4444-555555555555"))
        let user = try #require(UserID("66666666-7777-8888-9999-AAAAAAAAAAAA"))
        binding = TokenBinding(connectionID: connection, userID: user, origin: "https://x.example.org:8123")
        otherConnection = try #require(ConnectionID("11111111-2222-3333-4444-555555555556"))
        keyring = try Self.keyring(KeyringTests.header + KeyringTests.primary)
        sealer = TokenSealer(keyring: keyring)
    }

    static func keyring(_ text: String) throws -> Keyring {
        try Array(text.utf8).withUnsafeBytes { try KeyringFormat.parse($0, path: "memory") }
    }

    private func secret(_ text: String) -> Secret { Secret(Array(text.utf8)) }

    private func text(_ secret: Secret) -> String { secret.withBytes { String(decoding: $0, as: UTF8.self) } }

    private func failure(opening sealed: String, for binding: TokenBinding? = nil) -> CryptographyError? {
        #expect(throws: CryptographyError.self) { try sealer.open(sealed, for: binding ?? self.binding) }
    }

    @Test(arguments: [1, 2, 3, 15, 16, 17, 183, 8_192])
    func whatIsSealedOpensAgain(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let opened = try sealer.open(try sealer.seal(Secret(bytes), for: binding), for: binding)
        #expect(opened.withBytes { Array($0) } == bytes)
    }

    @Test func anotherImplementationSealsTheSame() throws {
        #expect(text(try sealer.open(Self.foreign, for: binding)) == Self.token)
    }

    @Test func eachSealingHasItsOwnNonce() throws {
        var seen: Set<Substring> = []
        for _ in 0..<200 {
            let sealed = try sealer.seal(secret(Self.token), for: binding)
            let fields = sealed.split(separator: ".")
            #expect(fields.count == 5 && fields[0] == "v1" && fields[1] == "k0")
            seen.insert(fields[2])
        }
        #expect(seen.count == 200)
    }

    @Test func anotherConnectionUserOrOriginDoesNotOpenIt() throws {
        let sealed = try sealer.seal(secret(Self.token), for: binding)
        let bindings = [
            TokenBinding(connectionID: otherConnection, userID: binding.userID, origin: binding.origin),
            TokenBinding(connectionID: binding.connectionID, userID: UserID(), origin: binding.origin),
            TokenBinding(
                connectionID: binding.connectionID, userID: binding.userID, origin: "http://x.example.org:8123"),
            TokenBinding(
                connectionID: binding.connectionID, userID: binding.userID, origin: "https://evil.example:8123"),
            TokenBinding(connectionID: binding.connectionID, userID: binding.userID, origin: ""),
        ]
        for other in bindings { #expect(failure(opening: sealed, for: other)?.code == .tampered) }
    }

    @Test func everyEditedCharacterIsNoticed() throws {
        let alphabet = Array("Ab9-_.!".utf8)
        let original = Array(Self.foreign.utf8)
        for index in original.indices {
            for replacement in alphabet where replacement != original[index] {
                var edited = original
                edited[index] = replacement
                let error = failure(opening: String(decoding: edited, as: UTF8.self))
                switch error?.code {
                case .tampered, .malformed, .unknownKey: break
                default: Issue.record("Position \(index) gave \(String(describing: error)).")
                }
            }
        }
    }

    @Test func everyShorteningIsNoticed() {
        for count in 0..<Self.foreign.utf8.count {
            let code = failure(opening: String(Self.foreign.prefix(count)))?.code
            #expect(code == .malformed || code == .tampered)
        }
    }

    @Test func partsOfTwoSealedTokensDoNotMix() throws {
        let first = try sealer.seal(secret(Self.token), for: binding).split(separator: ".")
        let second = try sealer.seal(secret(Self.token), for: binding).split(separator: ".")
        for index in 2...4 {
            var mixed = first
            mixed[index] = second[index]
            #expect(failure(opening: mixed.joined(separator: "."))?.code == .tampered)
        }
    }

    @Test func aKeyThatIsGoneIsNamed() throws {
        let sealed = Self.foreign.replacingFirst("k0", with: "k7")
        let error = failure(opening: sealed)
        #expect(error?.code == .unknownKey("k7"))
        #expect(error?.message.contains("\"k7\"") == true)
        #expect(error?.code.label == "unknown_key")
    }

    @Test func theSameBytesUnderAnotherKeyIDDoNotOpen() throws {
        // The key id is part of what is authenticated, so renaming a key in the file does not pass either.
        let renamed = try Self.keyring(
            KeyringTests.header + "token k7 \(KeyringTests.time) \(KeyringTests.key) primary\n")
        let sealed = Self.foreign.replacingFirst("k0", with: "k7")
        let error = #expect(throws: CryptographyError.self) {
            try TokenSealer(keyring: renamed).open(sealed, for: binding)
        }
        #expect(error?.code == .tampered)
    }

    @Test func tokensOfAnOlderKeyOpenWhileNewOnesUseThePrimary() throws {
        let rotated = TokenSealer(
            keyring: try Self.keyring(
                KeyringTests.header + "token k0 \(KeyringTests.time) \(KeyringTests.key)\n"
                    + "token k1 \(KeyringTests.time) \(String(repeating: "B", count: 42))A= primary\n"))
        #expect(text(try rotated.open(Self.foreign, for: binding)) == Self.token)
        #expect(try !rotated.isSealedWithPrimaryKey(Self.foreign))
        let renewed = try rotated.seal(try rotated.open(Self.foreign, for: binding), for: binding)
        #expect(renewed.hasPrefix("v1.k1."))
        #expect(try rotated.isSealedWithPrimaryKey(renewed))
        #expect(failure(opening: renewed)?.code == .unknownKey("k1"))
    }

    @Test(arguments: [
        "", "v1", "v1....", "v2.k0.ZGVmZ2hpamtsbW5v.LWKU.ZzOdo5BwFQeAJCSGQkbogQ", "plain-token", "v1.k0.a.b.c",
        "v1.k0.ZGVmZ2hpamtsbW5v..ZzOdo5BwFQeAJCSGQkbogQ", "v1.K0.ZGVmZ2hpamtsbW5v.LWKU.ZzOdo5BwFQeAJCSGQkbogQ",
        "v1.k0.ZGVmZ2hpamtsbW5v.LWKUD.ZzOdo5BwFQeAJCSGQkbogQ", "v1.k0.ZGVmZ2hpamtsbW5v.LW+/.ZzOdo5BwFQeAJCSGQkbogQ",
        "v1.k0.ZGVmZ2hpamtsbW5v.LWKU==.ZzOdo5BwFQeAJCSGQkbogQ", "v1.k0.ZGVmZ2hpamtsbW5v.LW KU.ZzOdo5BwFQeAJCSGQkbogQ",
        // The last character of the tag holds four unused bits: another one there must not mean the same.
        "v1.k0.ZGVmZ2hpamtsbW5v.LWKUDhuuNfdxCxWhjx8jzAyrTDOlCYsTyqHALdXXyiPxhw.ZzOdo5BwFQeAJCSGQkbogR",
    ])
    func whatIsNoSealedTokenIsMalformed(_ sealed: String) {
        let error = failure(opening: sealed)
        #expect(error?.code == .malformed)
        #expect(sealed.isEmpty || error?.message.contains(sealed) == false || sealed == "v1")
    }

    @Test(arguments: [0, 8_193]) func emptyAndOversizedTokensAreNotSealed(_ count: Int) {
        let token = Secret([UInt8](repeating: 65, count: count))
        let error = #expect(throws: CryptographyError.self) { try sealer.seal(token, for: binding) }
        #expect(error?.code == .malformed)
    }

    @Test func theCipherGivesThePublishedVector() throws {
        // Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation": AES-256, 60 bytes, 20 bytes of data.
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let plaintext = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
        let expected = bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
        let nonce = bytes("cafebabefacedbaddecaf888")
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: 16)
        try ciphertext.withUnsafeMutableBytes { ciphertext in
            try tag.withUnsafeMutableBytes { tag in
                try plaintext.withUnsafeBytes { plaintext in
                    try key.withUnsafeBytes { key in
                        try nonce.withUnsafeBytes { nonce in
                            try AESGCM.seal(
                                plaintext, key: key, nonce: nonce,
                                associatedData: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                                ciphertext: ciphertext, tag: tag)
                        }
                    }
                }
            }
        }
        #expect(ciphertext == expected)
        #expect(tag == bytes("76fc6ece0f4e1768cddf8853bb2d551b"))
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

extension String {
    fileprivate func replacingFirst(_ target: String, with replacement: String) -> String {
        guard let range = firstRange(of: target) else { return self }
        return String(self[..<range.lowerBound]) + replacement + String(self[range.upperBound...])
    }
}
