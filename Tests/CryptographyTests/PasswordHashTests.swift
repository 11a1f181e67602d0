import Testing

@testable import Cryptography

@Suite("Passwords")
struct PasswordHashTests {
    /// The vectors of RFC 7914, section 12; the fourth needs a gigabyte.
    @Test(
        "scrypt computes what RFC 7914 says",
        arguments: [
            (
                "", "", 4, 1, 1,
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", 10, 8, 16,
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ] as [(String, String, UInt64, UInt64, UInt64, String)])
    func vectors(
        password: String, salt: String, exponent: UInt64, size: UInt64, lanes: UInt64, expected: String
    ) throws {
        let hash = try PasswordHash.scrypt(
            Array(password.utf8), salt: Array(salt.utf8),
            PasswordHash.Cost(costExponent: exponent, blockSize: size, lanes: lanes), count: 64)
        let text = hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        #expect(text == expected)
    }

    @Test("A password is known again, and no other is")
    func roundTrip() throws {
        let first = try PasswordHash.make("correct horse battery")
        let second = try PasswordHash.make("correct horse battery")
        #expect(first != second)
        #expect(first.hasPrefix("$scrypt$ln=15,r=8,p=3$") && first.utf8.count <= 255)
        #expect(try PasswordHash.verify("correct horse battery", against: first))
        #expect(try !PasswordHash.verify("correct horse batterz", against: first))
        #expect(try !PasswordHash.verify("", against: first))
    }

    @Test(
        "What is no hash of a password lets nobody in",
        arguments: [
            "", "secret", "$scrypt$ln=15,r=8,p=3$AAAA$AAAA", "$2b$12$abcdefghijklmnopqrstuv", "$scrypt$$$",
            "$scrypt$ln=30,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=15,r=8,p=3,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=-1,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        ])
    func refused(stored: String) throws {
        let isKnown = try PasswordHash.verify("secret", against: stored)
        #expect(!isKnown)
    }

    @Test("Secrets are long, differ, and stand in a URL as they are")
    func secrets() throws {
        let secrets = try (0..<100).map { _ in try RandomSecret.text() }
        #expect(Set(secrets).count == 100)
        #expect(
            secrets.allSatisfy { secret in
                secret.utf8.count == 43
                    && secret.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            })
        #expect(try RandomSecret.digest(of: "abc").count == 32)
        #expect(ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]))
        #expect(!ConstantTime.equal([1, 2], [1, 2, 3]))
        #expect(ConstantTime.equal([], []))
    }
}
