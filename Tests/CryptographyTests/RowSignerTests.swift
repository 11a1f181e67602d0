import BridgeCore
import Testing

@testable import Cryptography

@Suite struct RowSignerTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func hex(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var digits = text.filter { !$0.isWhitespace }[...]
        while !digits.isEmpty {
            bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    /// RFC 8032, section 7.1, the tests of 0, 1 and 2 bytes.
    @Test(
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ])
    func signsAsTheStandardDoes(_ seed: String, _ half: String, _ message: String, _ signature: String) throws {
        let key = try Ed25519.PrivateKey(seed: Secret(hex(seed)))
        #expect(key.publicKey.raw == hex(half))
        let made = try hex(message).withUnsafeBytes { try key.sign($0) }
        #expect(made == hex(signature))
    }

    @Test func aSignatureIsReadAsItIsWritten() throws {
        let keyring = try Keyring.create(path: directory.file("keyring"))
        let signer = try #require(keyring.signer)
        let signature = try signer.sign(Array("a row".utf8))
        #expect(signature.description.utf8.count <= 255)
        #expect(RowSignature(signature.description) == signature)
        for text in [
            "", "v1", "v2.k1.\(signature.base64)", "v1..\(signature.base64)", "v1.k1.\(signature.base64)=",
            "v1.k1.AAAA",
        ] {
            #expect(RowSignature(text) == nil, "\(text)")
        }
    }

    @Test func whateverChangesIsFound() throws {
        let keyring = try Keyring.create(path: directory.file("keyring"))
        let signer = try #require(keyring.signer)
        let message = Array("ha-bridge audit v1\nid 1\n".utf8)
        let signature = try signer.sign(message)
        #expect(try keyring.verifier.verdict(signature, of: message) == .valid)
        for index in message.indices {
            var other = message
            other[index] ^= 1
            #expect(try keyring.verifier.verdict(signature, of: other) == .invalid)
        }
        for index in signature.bytes.indices {
            var bytes = signature.bytes
            bytes[index] ^= 0x10
            let other = RowSignature(keyID: signature.keyID, bytes: bytes)
            #expect(try keyring.verifier.verdict(other, of: message) == .invalid)
        }
        let foreign = try Keyring.create(path: directory.file("other"))
        #expect(try foreign.verifier.verdict(signature, of: message) == .unknownKey)
    }

    @Test func aRetiredKeyStillVerifiesAndDoesNotSign() throws {
        let keyring = try Keyring.create(path: directory.file("keyring"))
        let signature = try #require(keyring.signer).sign([1, 2, 3])
        let half = try Ed25519.PublicKey(Self.publicKey(of: try directory.read("keyring")))
        var encoded: [UInt8] = []
        half.raw.withUnsafeBytes { Base64.encode($0, .standard, into: &encoded) }
        let text =
            KeyringTests.header + KeyringTests.primary
            + "verify \(signature.keyID) \(KeyringTests.time) \(String(decoding: encoded, as: UTF8.self))\n"
        let retired = try Keyring.load(path: try directory.write(text, to: "retired", mode: 0o600))
        #expect(retired.signer == nil)
        #expect(try retired.verifier.verdict(signature, of: [1, 2, 3]) == .valid)
        #expect(retired.verifier.publicKeyPEM(signature.keyID) == keyring.verifier.publicKeyPEM(signature.keyID))
        #expect(
            retired.verifier.publicKeyPEM(signature.keyID)?.hasPrefix("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA")
                == true)
    }

    private static func publicKey(of text: String) throws -> [UInt8] {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("sign ") })
        let encoded = Array(line.split(separator: " ")[3].utf8)
        var seed = [UInt8](repeating: 0, count: 32)
        _ = encoded.withUnsafeBytes { source in
            seed.withUnsafeMutableBytes { Base64.decode(source, .standard, into: $0) }
        }
        return try Ed25519.PrivateKey(seed: Secret(seed)).publicKey.raw
    }
}
