import BridgeCore
import Cryptography
import FoundationEssentials
import Testing

@testable import Ingest
@testable import Store

@Suite struct TokenIdentitiesTests {
    private let home = ConnectionID()
    private let directory = FileManager.default.temporaryDirectory.appending(path: "identities-\(UUID())")

    private func keyring() throws -> String {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.appending(path: "keyring").path
        _ = try Keyring.create(path: path)
        return path
    }

    private func stored(
        _ sealed: String, url: String = "http://home:8123", trust: TLSTrust = .system
    ) -> StoredConnection {
        StoredConnection(
            id: home, userID: UserID(home.uuid), username: "anna", name: "home", url: url, sealedToken: sealed,
            status: .connected, homeAssistantVersion: nil, supportedFeatures: [], isAdmin: nil, timeZone: nil,
            locationName: nil, pausedAt: nil, removedAt: nil, createdAt: Timestamp(microseconds: 0),
            updatedAt: Timestamp(microseconds: 0), lastConnectedAt: nil, lastSeenAt: nil, health: nil, trust: trust)
    }

    private func seal(_ token: String, with keyring: Keyring, trust: TLSTrust = .system) throws -> String {
        try TokenSealer(keyring: keyring).seal(Secret(token.utf8), for: try stored("", trust: trust).tokenBinding())
    }

    @Test func aTokenThatIsSealedAnewIsTheSame() throws {
        let path = try keyring()
        defer { try? FileManager.default.removeItem(at: directory) }
        var identities = TokenIdentities(sealer: TokenSealer(try KeyringSource(path: path)))
        let old = try Keyring.load(path: path)
        let first = identities.of([stored(try seal("token", with: old))])
        let rotated = try KeyringEditor(path: path).addFreshKeys()
        #expect(identities.of([stored(try seal("token", with: rotated))]) == first)
        let other = identities.of([stored(try seal("other", with: rotated))])
        #expect(other != first && other.count == 1)
        guard case .opened(let digest) = first[home] else {
            Issue.record("It was not opened.")
            return
        }
        #expect(digest.count == 64)
    }

    @Test func aTokenThatDoesNotOpenIsItsTextUntilTheKeyringHasTheKey() throws {
        let path = try keyring()
        defer { try? FileManager.default.removeItem(at: directory) }
        var identities = TokenIdentities(sealer: TokenSealer(try KeyringSource(path: path)))
        let other = directory.appending(path: "other").path
        let foreign = try seal("token", with: try Keyring.create(path: other))
        #expect(identities.of([stored(foreign)]) == [home: .sealed(foreign)])
        // A URL that was edited, or a demand that was taken away, is another binding.
        let sealed = try seal("token", with: try Keyring.load(path: path), trust: TLSTrust(publicKey: "key"))
        #expect(identities.of([stored(sealed, trust: TLSTrust(publicKey: "key"))])[home] != .sealed(sealed))
        #expect(identities.of([stored(sealed)]) == [home: .sealed(sealed)])
        #expect(identities.of([stored(sealed, url: "http://evil:8123")]) == [home: .sealed(sealed)])
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: other, toPath: path)
        #expect(identities.of([stored(foreign)]) != [home: .sealed(foreign)])
    }
}
