import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct UserRepositoryTests {
    @Test func givesBackWhatWasAdded() async throws {
        try await StoreDatabase.with { database in
            #expect(try await database.users.count() == 0)
            let added = try await database.users.add(username: "Änna", email: "anna@example.org", role: .admin)
            #expect(added.role == .admin)
            #expect(added.status == .active && added.isActive)
            #expect(try await database.users.find("Änna") == added)
            #expect(try await database.users.find("änna") == added)
            #expect(try await database.users.find("ben") == nil)
            #expect(try await database.users.list() == [added])
            #expect(try await database.users.count() == 1)
            let data = try JSONEncoder().encode(added)
            #expect(try JSONDecoder().decode(StoredUser.self, from: data) == added)
        }
    }

    @Test func refusesASecondOneOfTheSameNameOrAddress() async throws {
        try await StoreDatabase.with { database in
            _ = try await database.addUser("anna")
            for (name, email, code, word) in [
                ("anna", "other@example.org", StoreError.Code.duplicateUsername, "“anna”"),
                ("Anna", "other@example.org", .duplicateUsername, "“Anna”"),
                ("ben", "anna@example.org", .duplicateEmail, "“anna@example.org”"),
                ("ben", "ANNA@example.org", .duplicateEmail, "“ANNA@example.org”"),
            ] {
                let error = try await thrown(StoreError.self) {
                    _ = try await database.users.add(username: name, email: email)
                }
                #expect(error.code == code)
                #expect(error.message.contains(word))
            }
            #expect(try await database.users.count() == 1)
        }
    }

    @Test(arguments: [
        ("", "a@example.org"), (" anna", "a@example.org"), (String(repeating: "x", count: 101), "a@example.org"),
        ("an\0na", "a@example.org"), ("anna", "no address"), ("anna", "a@b"), ("anna", ""), ("anna", "a@example.org\0"),
    ])
    func refusesWhatNoRowMayHold(name: String, email: String) async throws {
        try await StoreDatabase.with { database in
            let error = try await thrown(StoreError.self) {
                _ = try await database.users.add(username: name, email: email)
            }
            #expect(error.code == .invalidValue)
        }
    }

    @Test func deactivatesByName() async throws {
        try await StoreDatabase.with { database in
            _ = try await database.addUser("anna")
            try await database.users.deactivate("ANNA")
            let user = try #require(try await database.users.find("anna"))
            #expect(user.status == .inactive && !user.isActive)
            let error = try await thrown(StoreError.self) { try await database.users.deactivate("ben") }
            #expect(error.code == .notFound)
            #expect(error.message.contains("“ben”"))
        }
    }
}
