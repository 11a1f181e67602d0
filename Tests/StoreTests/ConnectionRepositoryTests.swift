import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct ConnectionRepositoryTests {
    @Test func givesBackWhatWasAdded() async throws {
        try await StoreDatabase.with { database in
            let added = try await database.addConnection("home")
            #expect(added.name == "home" && added.username == "anna" && added.url == "http://home.local:8123")
            #expect(added.status == .disconnected && added.supportedFeatures == [] && added.isAdmin == nil)
            #expect(added.pausedAt == nil && added.removedAt == nil && added.lastSeenAt == nil && added.health == nil)
            #expect(try await database.connections.find(id: added.id) == added)
            #expect(try await database.connections.find(name: "home") == added)
            #expect(try await database.connections.list() == [added])
            #expect(try await database.connections.list(user: UserID()) == [])
            #expect(try await database.connections.find(id: ConnectionID()) == nil)
        }
    }

    @Test func showsItsSealedTokenInNoText() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home")
            var dumped = ""
            dump(connection, to: &dumped)
            dump([connection], to: &dumped)
            let texts = [
                dumped, "\(connection)", String(reflecting: connection), "\([connection])",
                "\(Optional(connection) as Any)",
            ]
            for text in texts { #expect(!text.contains(connection.sealedToken) && !text.contains("text-home")) }
        }
    }

    @Test func refusesASecondOneOfTheSameNameOrURL() async throws {
        try await StoreDatabase.with { database in
            let first = try await database.addConnection("home")
            let name = try await thrown(StoreError.self) {
                _ = try await database.connections.add(
                    id: ConnectionID(), userID: first.userID, name: "home", url: "http://other:8123",
                    sealedToken: "v1.x")
            }
            #expect(name.code == .duplicateName)
            #expect(name.message.contains("“home”"))
            let url = try await thrown(StoreError.self) {
                _ = try await database.connections.add(
                    id: ConnectionID(), userID: first.userID, name: "second", url: first.url, sealedToken: "v1.x")
            }
            #expect(url.code == .duplicateURL)
            #expect(url.message.hasPrefix("The connection “home” leads to http://home.local:8123 already."))
            // Another user may have both.
            _ = try await database.addConnection("home", owner: "ben")
        }
    }

    @Test func refusesWhatNoRowMayHold() async throws {
        try await StoreDatabase.with { database in
            let user = try await database.addUser()
            for (name, url, token) in [
                ("", "http://a", "v1.x"), (" a", "http://a", "v1.x"), ("a\0", "http://a", "v1.x"),
                (String(repeating: "ä", count: 256), "http://a", "v1.x"), ("a", "ftp://a", "v1.x"),
                ("a", "http://" + String(repeating: "a", count: 500), "v1.x"), ("a", "http://a", "plain text"),
            ] {
                let error = try await thrown(StoreError.self) {
                    _ = try await database.connections.add(
                        id: ConnectionID(), userID: user.id, name: name, url: url, sealedToken: token)
                }
                #expect(error.code == .invalidValue)
                #expect(!error.message.contains("plain text"))
            }
            let stranger = try await thrown(StoreError.self) {
                _ = try await database.connections.add(
                    id: ConnectionID(), userID: UserID(), name: "a", url: "http://a", sealedToken: "v1.x")
            }
            #expect(stranger.code == .notFound)
        }
    }

    @Test func asksWhoseWhereANameIsNotEnough() async throws {
        try await StoreDatabase.with { database in
            let annas = try await database.addConnection("home", owner: "anna")
            let bens = try await database.addConnection("home", owner: "ben")
            let error = try await thrown(StoreError.self) { _ = try await database.connections.find(name: "home") }
            #expect(error.code == .ambiguous)
            #expect(error.message.contains("anna, ben") && error.message.contains("--user"))
            #expect(try await database.connections.find(name: "home", user: "ben") == bens)
            #expect(try await database.connections.list(user: annas.userID) == [annas])
            let unknown = try await thrown(StoreError.self) { _ = try await database.connections.find(name: "barn") }
            #expect(unknown.code == .notFound)
            #expect(unknown.message.contains("“barn”"))
            let strange = try await thrown(StoreError.self) {
                _ = try await database.connections.find(name: "home", user: "carl")
            }
            #expect(strange.code == .notFound)
        }
    }

    @Test func replacesATokenOnlyIfItIsStillTheOldOne() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection()
            try await database.connections.recordStatus(connection.id, status: .authFailed)
            let repository = database.connections
            #expect(
                try await repository.setToken(connection.id, sealedToken: "v1.new", expecting: "v1.stale") == false)
            #expect(
                try await repository.setToken(connection.id, sealedToken: "v1.new", expecting: connection.sealedToken))
            #expect(
                try await repository.setToken(connection.id, sealedToken: "v1.newer", expecting: connection.sealedToken)
                    == false)
            let changed = try #require(try await repository.find(id: connection.id))
            #expect(changed.sealedToken == "v1.new")
            #expect(changed.status == .disconnected)
        }
    }

    @Test func changesTheURLTogetherWithTheToken() async throws {
        try await StoreDatabase.with { database in
            let repository = database.connections
            let home = try await database.addConnection("home")
            let barn = try await database.addConnection("barn")
            try await repository.setURL(home.id, url: "https://new.example", sealedToken: "v1.new")
            let changed = try #require(try await repository.find(id: home.id))
            #expect(changed.url == "https://new.example" && changed.sealedToken == "v1.new")
            let error = try await thrown(StoreError.self) {
                try await repository.setURL(home.id, url: barn.url, sealedToken: "v1.x")
            }
            #expect(error.code == .duplicateURL)
            #expect(error.message.contains("“barn”"))
            let gone = try await thrown(StoreError.self) {
                try await repository.setURL(ConnectionID(), url: "http://x", sealedToken: "v1.x")
            }
            #expect(gone.code == .notFound)
        }
    }

    @Test func pausesAndResumes() async throws {
        try await StoreDatabase.with { database in
            let repository = database.connections
            let id = try await database.addConnection().id
            try await repository.pause(id)
            let paused = try #require(try await repository.find(id: id))
            #expect(paused.status == .paused && paused.pausedAt != nil)
            try await repository.pause(id)
            #expect(try await repository.find(id: id)?.pausedAt == paused.pausedAt)
            // What the bridge reports meanwhile does not hide the pause.
            try await repository.recordStatus(id, status: .connected, version: "2026.11.1")
            let reported = try #require(try await repository.find(id: id))
            #expect(reported.status == .paused && reported.homeAssistantVersion == "2026.11.1")
            try await repository.resume(id)
            let resumed = try #require(try await repository.find(id: id))
            #expect(resumed.status == .disconnected && resumed.pausedAt == nil)
            let error = try await thrown(StoreError.self) { try await repository.pause(ConnectionID()) }
            #expect(error.code == .notFound)
        }
    }

    @Test func recordsHowAConnectionFaresAndLeavesTheRest() async throws {
        try await StoreDatabase.with { database in
            let repository = database.connections
            let id = try await database.addConnection().id
            try await repository.recordStatus(
                id, status: .connected, health: #"{"state":"live"}"#,
                version: "2026.11.1\0" + String(repeating: "x", count: 60),
                features: ["light", "a,b", "{c}\""], isAdmin: true, timeZone: "Europe/Berlin", locationName: "Zuhause",
                connectedAt: .sample, seenAt: .sample)
            var stored = try #require(try await repository.find(id: id))
            #expect(stored.status == .connected && stored.isAdmin == true)
            #expect(stored.health == #"{"state": "live"}"#)
            #expect(stored.homeAssistantVersion?.hasPrefix("2026.11.1\u{FFFD}x") == true)
            #expect(stored.homeAssistantVersion?.unicodeScalars.count == 50)
            #expect(stored.supportedFeatures == ["light", "a,b", "{c}\""])
            #expect(stored.timeZone == "Europe/Berlin" && stored.locationName == "Zuhause")
            #expect(stored.lastConnectedAt == .sample && stored.lastSeenAt == .sample)

            try await repository.recordStatus(id, status: .error, seenAt: Timestamp.sample.adding(seconds: -60))
            stored = try #require(try await repository.find(id: id))
            #expect(stored.status == .error && stored.lastSeenAt == .sample && stored.isAdmin == true)
            #expect(stored.supportedFeatures.count == 3)
        }
    }

    @Test func recordsManySightingsAtOnce() async throws {
        try await StoreDatabase.with { database in
            let repository = database.connections
            let home = try await database.addConnection("home")
            let barn = try await database.addConnection("barn")
            let gone = try await database.addConnection("gone")
            try await repository.markRemoved(gone.id)
            let later = Timestamp.sample.adding(seconds: 5)
            try await repository.recordSeen([])
            try await repository.recordSeen([
                (id: home.id, seenAt: .sample, health: #"{"n":1}"#), (id: barn.id, seenAt: later, health: nil),
                (id: gone.id, seenAt: later, health: nil), (id: ConnectionID(), seenAt: later, health: nil),
                (id: home.id, seenAt: later, health: #"{"n":2}"#),
            ])
            let first = try #require(try await repository.find(id: home.id))
            #expect(first.lastSeenAt == later && first.health == #"{"n": 2}"#)
            #expect(try await repository.find(id: barn.id)?.lastSeenAt == later)
            #expect(try await repository.find(id: gone.id)?.lastSeenAt == nil)
        }
    }
}
