import BridgeCore
import Glibc
import Testing

@testable import Cryptography

@Suite struct KeyringTests {
    static let header = "ha-bridge-keyring 1\n"
    static let time = "2026-11-21T01:14:48.110907+00:00"
    // 32 bytes, 0 to 31.
    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let primary = "token k0 \(time) \(key) primary\n"

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func failure(loading text: String, mode: mode_t = 0o600) throws -> CryptographyError? {
        let path = try directory.write(text, to: "keyring", mode: mode)
        return #expect(throws: CryptographyError.self) { try Keyring.load(path: path) }
    }

    @Test func aNewKeyringHasAKeyForEachPurposeAndIsForItsOwnerAlone() throws {
        let made = try Keyring.create(path: directory.file("keyring"))
        #expect(made.summaries.map(\.purpose) == ["token", "sign"])
        #expect(made.summaries.map(\.isPrimary) == [true, true])
        #expect(made.signer?.keyID == made.summaries.last?.id)
        #expect(KeyringFormat.isKeyID(made.primaryKeyID.utf8))
        var status = stat()
        #expect(stat(directory.file("keyring"), &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        // Nothing else stays behind.
        #expect(directory.names == ["keyring"])
        let loaded = try Keyring.load(path: directory.file("keyring"))
        #expect(loaded.summaries == made.summaries)
        let same = loaded.primary.material.withBytes { left in
            made.primary.material.withBytes { right in left.elementsEqual(right) }
        }
        #expect(same)
    }

    @Test func twoNewKeyringsShareNothing() throws {
        let first = try Keyring.create(path: directory.file("a"))
        let second = try Keyring.create(path: directory.file("b"))
        #expect(first.primaryKeyID != second.primaryKeyID)
        let same = first.primary.material.withBytes { left in
            second.primary.material.withBytes { right in left.elementsEqual(right) }
        }
        #expect(!same)
    }

    @Test func anExistingFileIsNeverOverwritten() throws {
        let path = try directory.write("precious", to: "keyring")
        let error = #expect(throws: CryptographyError.self) { try Keyring.create(path: path) }
        #expect(error?.code == .keyringExists)
        #expect(try directory.read("keyring") == "precious")
        // Not even through a link that points nowhere yet.
        #expect(symlink(directory.file("nowhere"), directory.file("link")) == 0)
        let second = #expect(throws: CryptographyError.self) { try Keyring.create(path: directory.file("link")) }
        #expect(second?.code == .keyringExists)
        #expect(!directory.names.contains("nowhere"))
    }

    @Test func aMissingDirectoryIsNamed() throws {
        let path = directory.file("none/keyring")
        let error = #expect(throws: CryptographyError.self) { try Keyring.create(path: path) }
        #expect(error?.code == .keyringUnwritable)
        #expect(error?.message.contains(directory.file("none")) == true)
    }

    @Test func aMissingKeyringSaysHowToMakeOne() {
        let error = #expect(throws: CryptographyError.self) { try Keyring.load(path: directory.file("keyring")) }
        #expect(error?.code == .keyringMissing)
        #expect(error?.message.contains("ha-bridge key new") == true)
    }

    @Test(arguments: [0o600, 0o400] as [mode_t])
    func strictModesAreTaken(_ mode: mode_t) throws {
        let path = try directory.write(Self.header + Self.primary, to: "keyring", mode: mode)
        #expect(try Keyring.load(path: path).primaryKeyID == "k0")
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o700, 0o601, 0o4600] as [mode_t])
    func looseModesAreRefusedWithTheCommandThatHelps(_ mode: mode_t) throws {
        let error = try failure(loading: Self.header + Self.primary, mode: mode)
        #expect(error?.code == .keyringTooOpen)
        let path = directory.file("keyring")
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains(String(mode, radix: 8)) == true)
        #expect(error?.message.hasSuffix("Run: chmod 600 '\(path)'") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "Only root can give a file away."))
    func aForeignOwnerIsRefused() throws {
        let path = try directory.write(Self.header + Self.primary, to: "keyring")
        #expect(chown(path, 12_345, 12_345) == 0)
        let error = #expect(throws: CryptographyError.self) { try Keyring.load(path: path) }
        #expect(error?.code == .keyringForeignOwner)
        #expect(error?.message.contains("12345") == true)
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        let directoryError = #expect(throws: CryptographyError.self) { try Keyring.load(path: directory.path) }
        #expect(directoryError?.code == .keyringUnreadable)
        let fifo = directory.file("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        let fifoError = #expect(throws: CryptographyError.self) { try Keyring.load(path: fifo) }
        #expect(fifoError?.code == .keyringUnreadable)
    }

    @Test func aLinkToAStrictFileIsTaken() throws {
        let path = try directory.write(Self.header + Self.primary, to: "real")
        #expect(symlink(path, directory.file("keyring")) == 0)
        #expect(try Keyring.load(path: directory.file("keyring")).primaryKeyID == "k0")
    }

    @Test func olderKeysAndKeysOfOtherPurposesAreRead() throws {
        let text =
            "# made by hand\n" + Self.header + "\n"
            + "token old1 2026-01-01T00:00:00+00:00 \(String(repeating: "A", count: 43))=\n" + Self.primary
            + "spare s1 \(Self.time) AAEC primary\r\n"
        let path = try directory.write(text, to: "keyring")
        let keyring = try Keyring.load(path: path)
        #expect(keyring.summaries.map(\.id) == ["old1", "k0", "s1"])
        #expect(keyring.summaries.map(\.isPrimary) == [false, true, true])
        #expect(keyring.summaries.first?.createdAt == Timestamp(iso8601: "2026-01-01T00:00:00+00:00"))
        #expect(keyring.primaryKeyID == "k0")
        #expect(keyring.tokenKey("old1") != nil)
        // A key of another purpose never seals.
        #expect(keyring.tokenKey("s1") == nil)
    }

    static let malformed: [String] = [
        "\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "ha-bridge-keyring 2\n" + primary,
        primary,
        header,
        header + "token k0 \(time) \(key)\n",
        header + primary + primary,
        header + primary + "token k1 \(time) \(key) primary\n",
        header + "token K0 \(time) \(key) primary\n",
        header + "token k.0 \(time) \(key) primary\n",
        header + "token k|0 \(time) \(key) primary\n",
        header + "token \(String(repeating: "k", count: 33)) \(time) \(key) primary\n",
        header + "token k0 yesterday \(key) primary\n",
        header + "token k0 \(time) \(key) first\n",
        header + "token k0 \(time) \(key) primary more\n",
        header + "token k0 \(time)\n",
        header + "token k0 \(time) AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 primary\n",
        header + "token k0 \(time) AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9= primary\n",
        header + "token k0 \(time) AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg== primary\n",
        header + "token k0 \(time) AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g primary\n",
        header + "token k0 \(time) AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd!h8= primary\n",
        header + "token k0 \(time) = primary\n",
        header + "sign k0 \(time) \(key) primary\n",
        header + String(repeating: "#", count: 70_000),
    ]

    @Test(arguments: malformed)
    func malformedKeyringsAreRefusedWithoutShowingThem(_ text: String) throws {
        let error = try failure(loading: text)
        #expect(error?.code == .keyringMalformed)
        #expect(error?.message.contains(directory.file("keyring")) == true)
        #expect(error?.message.contains("AAEC") == false)
        #expect(error?.message.contains("PRIVATE") == false)
    }

    @Test func anEmptyFileIsRefused() throws {
        #expect(try failure(loading: "")?.code == .keyringMalformed)
    }

    @Test func noTextOfAKeyringShowsAKey() throws {
        let path = try directory.write(Self.header + Self.primary, to: "keyring")
        let keyring = try Keyring.load(path: path)
        var dumped = ""
        dump(keyring, to: &dumped)
        dump(TokenSealer(keyring: keyring), to: &dumped)
        dump(keyring.primary, to: &dumped)
        for text in [dumped, "\(keyring)", String(reflecting: keyring), "\(keyring.summaries)"] {
            #expect(!text.contains("AAEC"))
            #expect(!text.contains("0, 1, 2, 3"))
        }
    }
}
