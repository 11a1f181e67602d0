import BridgeCore
import Glibc
import Synchronization
import Testing

@testable import Cryptography

@Suite struct KeyringSourceTests {
    private final class Troubles: Sendable {
        let codes = Mutex<[CryptographyError.Code]>([])
    }

    let directory: TemporaryDirectory
    let path: String
    private let troubles = Troubles()

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("keyring")
        _ = try Keyring.create(path: path)
    }

    private func source() throws -> KeyringSource {
        let troubles = troubles
        return try KeyringSource(path: path) { error in troubles.codes.withLock { $0.append(error.code) } }
    }

    /// Waits until the source may look again.
    private func aSecond() async throws { try await Task.sleep(for: .milliseconds(1_050)) }

    @Test func followsTheFile() async throws {
        let source = try source()
        let first = source.current.primaryKeyID
        let rotated = try KeyringEditor(path: path).addFreshKeys()
        try await aSecond()
        #expect(source.current.primaryKeyID == rotated.primaryKeyID && source.current.holdsTokenKey(first))
        #expect(source.current.signer?.keyID == rotated.signer?.keyID)
        #expect(troubles.codes.withLock { $0 } == [])
    }

    @Test func looksAtOnceForAKeyThatItLacks() throws {
        let sealer = TokenSealer(try source())
        let binding = TokenBinding(connectionID: ConnectionID(), userID: UserID(), origin: "https://home")
        let rotated = try KeyringEditor(path: path).addFreshKeys()
        let sealed = try TokenSealer(keyring: rotated).seal(Secret("token".utf8), for: binding)
        #expect(try sealer.open(sealed, for: binding).withBytes { $0.elementsEqual("token".utf8) })
        let foreign = sealed.replacing(rotated.primaryKeyID, with: "k1")
        let error = #expect(throws: CryptographyError.self) { try sealer.open(foreign, for: binding) }
        #expect(error?.code == .unknownKey("k1"))
    }

    @Test func keepsTheKeyringOfBeforeWhenTheFileIsBadAndSaysSoOnce() async throws {
        let source = try source()
        let first = source.current.primaryKeyID
        let good = try directory.read("keyring")
        try directory.write("not a keyring", to: "keyring")
        try await aSecond()
        for _ in 0..<3 { #expect(source.keyring(holding: "k1").primaryKeyID == first) }
        #expect(troubles.codes.withLock { $0 } == [.keyringMalformed])
        #expect(unlink(path) == 0)
        #expect(source.keyring(holding: "k1").primaryKeyID == first)
        #expect(troubles.codes.withLock { $0 } == [.keyringMalformed, .keyringMissing])
        try directory.write(good, to: "keyring", mode: 0o644)
        #expect(source.keyring(holding: "k1").primaryKeyID == first)
        #expect(troubles.codes.withLock { $0 }.last == .keyringTooOpen)
        // Only the mode changes, which is a change, too.
        let rotatedText = good.replacing(first, with: "knew")
        try directory.write(rotatedText, to: "keyring", mode: 0o600)
        #expect(source.keyring(holding: "knew").primaryKeyID == "knew")
        #expect(troubles.codes.withLock { $0 }.count == 3)
    }

    @Test func startsOnlyWithAKeyring() throws {
        #expect(unlink(path) == 0)
        let error = #expect(throws: CryptographyError.self) { try source() }
        #expect(error?.code == .keyringMissing)
    }
}
