import BridgeCore
import Glibc
import Testing

@testable import Cryptography

@Suite struct KeyringEditorTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("keyring")
        _ = try Keyring.create(path: path)
    }

    @Test func freshKeysBecomePrimaryAndTheOldOnesStillServe() throws {
        let before = try Keyring.load(path: path)
        let binding = TokenBinding(connectionID: ConnectionID(), userID: UserID(), origin: "https://home")
        let sealed = try TokenSealer(keyring: before).seal(Secret("token".utf8), for: binding)
        let signature = try #require(before.signer).sign([1, 2, 3])
        let after = try KeyringEditor(path: path).addFreshKeys()
        let oldSigner = try #require(before.signer?.keyID)
        #expect(after.summaries.map(\.purpose) == ["token", "verify", "token", "sign"])
        #expect(after.summaries.map(\.isPrimary) == [false, false, true, true])
        #expect(Set(after.summaries.map(\.id)).count == 4)
        #expect(after.tokenKeyIDs.count == 2 && after.holdsTokenKey(before.primaryKeyID))
        #expect(try Keyring.load(path: path).summaries == after.summaries)
        let sealer = TokenSealer(keyring: after)
        #expect(try sealer.open(sealed, for: binding).withBytes { $0.elementsEqual("token".utf8) })
        let renewed = try sealer.reseal(sealed, for: binding)
        #expect(try TokenSealer.keyID(of: renewed) == after.primaryKeyID)
        #expect(try after.verifier.verdict(signature, of: [1, 2, 3]) == .valid)
        #expect(after.verifier.publicKeyPEM(oldSigner) == before.verifier.publicKeyPEM(oldSigner))
    }

    @Test func onlyThePublicHalfOfARetiredSigningKeyStays() throws {
        let secret = try #require(
            try directory.read("keyring").split(separator: "\n").first { $0.hasPrefix("sign ") }?.split(separator: " ")[
                3])
        _ = try KeyringEditor(path: path).addFreshKeys()
        #expect(try !directory.read("keyring").contains(secret))
    }

    @Test func removesTokenKeysButNeverThePrimaryOne() throws {
        let first = try Keyring.load(path: path).primaryKeyID
        let editor = try KeyringEditor(path: path)
        let second = try editor.addFreshKeys()
        let left = try editor.removeTokenKeys([first, second.primaryKeyID, try #require(second.signer?.keyID)])
        #expect(left.tokenKeyIDs == [second.primaryKeyID] && left.signer?.keyID == second.signer?.keyID)
        #expect(left.verifier.keyIDs.count == 2)
        #expect(try !directory.read("keyring").contains(first))
        // Nothing to do writes nothing.
        var before = stat()
        var after = stat()
        #expect(stat(path, &before) == 0)
        _ = try editor.removeTokenKeys(["k0"])
        #expect(stat(path, &after) == 0 && before.st_ino == after.st_ino)
    }

    @Test func keepsKeysOfPurposesThatItDoesNotKnow() throws {
        let unknown = "later k9 \(KeyringTests.time) AAEC"
        try directory.write(KeyringTests.header + "# a note\n\n" + KeyringTests.primary + unknown + "\n", to: "keyring")
        _ = try KeyringEditor(path: path).addFreshKeys()
        let text = try directory.read("keyring")
        #expect(text.split(separator: "\n").contains { $0 == unknown })
        #expect(!text.contains("a note"))
    }

    @Test func keepsOwnerAndModeAndLeavesOnlyTheLock() throws {
        #expect(chmod(path, 0o400) == 0)
        var before = stat()
        #expect(stat(path, &before) == 0)
        // As a crash would have left it.
        try directory.write("half a keyring", to: "keyring.rotating")
        _ = try KeyringEditor(path: path).addFreshKeys()
        var after = stat()
        #expect(stat(path, &after) == 0)
        #expect(after.st_mode & 0o7777 == 0o400 && after.st_uid == before.st_uid && after.st_gid == before.st_gid)
        #expect(after.st_ino != before.st_ino)
        #expect(directory.names.sorted() == ["keyring", "keyring.lock"])
    }

    @Test func changesTheFileBehindALink() throws {
        #expect(symlink(path, directory.file("link")) == 0)
        let keyring = try KeyringEditor(path: directory.file("link")).addFreshKeys()
        var status = stat()
        #expect(lstat(directory.file("link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(try Keyring.load(path: path).summaries == keyring.summaries)
    }

    @Test func oneEditorAtATime() throws {
        var editor: KeyringEditor? = try KeyringEditor(path: path)
        let error = #expect(throws: CryptographyError.self) { try KeyringEditor(path: path) }
        #expect(error?.code == .keyringBusy)
        #expect(try editor?.keyring().summaries.count == 2)
        editor = nil
        _ = try KeyringEditor(path: path)
        let missing = #expect(throws: CryptographyError.self) { try KeyringEditor(path: directory.file("none")) }
        #expect(missing?.code == .keyringMissing)
    }

    @Test func aKeyringThatIsOpenToOthersIsNotChanged() throws {
        #expect(chmod(path, 0o640) == 0)
        let text = try directory.read("keyring")
        let error = #expect(throws: CryptographyError.self) { try KeyringEditor(path: path).addFreshKeys() }
        #expect(error?.code == .keyringTooOpen)
        #expect(try directory.read("keyring") == text)
    }
}
