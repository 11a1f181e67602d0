import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable)) struct SealedValueRepositoryTests {
    private static func sealed(_ key: String, _ text: String = "c") -> String { "v1.\(key).n.\(text).t" }

    /// The SQLSTATE that a statement fails with.
    private static func failure(_ sql: String, _ database: StoreDatabase) async -> String? {
        do {
            _ = try await database.session.query(sql)
            return nil
        } catch {
            return error.sqlState
        }
    }

    @Test func findsWhatIsSealedWithAnotherKeyPageByPage() async throws {
        try await StoreDatabase.with { database in
            for name in ["a", "b", "c", "d", "e"] {
                let connection = try await database.addConnection(name)
                let key = name == "c" ? "knew" : "kold"
                _ = try await database.connections.setToken(
                    connection.id, sealedToken: Self.sealed(key, name), expecting: connection.sealedToken)
                if name == "e" { try await database.connections.markRemoved(connection.id) }
            }
            let values = SealedValueRepository(database.pool)
            var found: [String] = []
            var last: SealedValue?
            while true {
                let page = try await values.values(in: .tokens, notUnder: "knew", after: last, limit: 2)
                guard let end = page.last else { break }
                #expect(page.count <= 2)
                last = end
                found += page.map(\.text)
                #expect(page.allSatisfy { $0.keyIDs == ["kold"] && !"\($0)".contains("v1.") })
            }
            #expect(found.sorted() == ["a", "b", "d", "e"].map { Self.sealed("kold", $0) })
            // One id is no prefix of another.
            #expect(try await values.values(in: .tokens, notUnder: "kol", limit: 10).count == 5)
        }
    }

    @Test func replacesOnlyWhatIsAsItWasRead() async throws {
        try await StoreDatabase.with { database in
            for name in ["a", "b"] { _ = try await database.addConnection(name) }
            let values = SealedValueRepository(database.pool)
            let page = try await values.values(in: .tokens, notUnder: "knew", limit: 10)
            guard case .token(let changed) = page[0] else { return }
            #expect(
                try await database.connections.setToken(
                    changed.id, sealedToken: Self.sealed("kold", "person"), expecting: changed.sealedToken))
            let replacements = page.map { SealedValueRepository.Replacement($0, sealed: Self.sealed("knew")) }
            #expect(try await values.replace(replacements, in: .tokens) == 1)
            #expect(try await database.connections.find(id: changed.id)?.sealedToken == Self.sealed("kold", "person"))
            let left = try await values.values(in: .tokens, notUnder: "knew", limit: 10)
            #expect(left.map(\.text) == [Self.sealed("kold", "person")])
        }
    }

    @Test func takesNothingUnderARetiredKey() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home")
            let values = SealedValueRepository(database.pool)
            #expect(try await !values.isRetired("k1"))
            try await values.retire(["k1", "k2"])
            try await values.retire(["k1"])
            #expect(try await values.isRetired("k1"))
            do {
                _ = try await database.connections.setToken(
                    home.id, sealedToken: Self.sealed("k2"), expecting: home.sealedToken)
                Issue.record("A token under a retired key was stored.")
            } catch let error as PostgresError {
                #expect(error.isRetiredKey)
            }
            await #expect(throws: PostgresError.self) { try await database.addConnection("barn") }
            // What has such a key already may otherwise be changed: a status, a name.
            #expect(
                await Self.failure(
                    "UPDATE home_assistant_connections SET name = 'house', encrypted_token = encrypted_token", database)
                    == nil)
            #expect(
                try await database.connections.setToken(
                    home.id, sealedToken: Self.sealed("k3"), expecting: home.sealedToken))
        }
    }

    @Test func waitsForWhatIsOnItsWay() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home")
            let values = SealedValueRepository(database.pool)
            try await database.session.execute("BEGIN")
            _ = try await database.session.query(
                "UPDATE home_assistant_connections SET encrypted_token = $1 WHERE id = $2",
                [.text(Self.sealed("kold", "late")), .id(home.id)])
            async let retired: Void = values.retire(["kold"])
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database"
            while try await database.scalar("\(waiting) WHERE datname = current_database())") == "0" {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await database.session.execute("COMMIT")
            try await retired
            let found = try await values.values(in: .tokens, notUnder: "knew", limit: 10)
            #expect(found.map(\.text) == [Self.sealed("kold", "late")])
        }
    }

    @Test func sealedValuesOfABackupCanOnlyBeSealedAgain() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home")
            _ = try await database.session.query(
                """
                INSERT INTO automation_management (connection_id, home_assistant_automation_id, name)
                VALUES ($1, 'night_light', 'Night light')
                """, [.id(home.id)])
            let two = "\(Self.sealed("knew")) \(Self.sealed("kold"))"
            for secrets in [nil, Self.sealed("knew"), two] {
                _ = try await database.session.query(
                    """
                    INSERT INTO automation_backup
                        (automation_id, backup_name, backup_type, configuration_snapshot, sealed_secrets)
                    SELECT id, 'b', 'MANUAL', '{}', $1 FROM automation_management
                    """, [.optional(secrets) { .text($0) }])
            }
            let values = SealedValueRepository(database.pool)
            let found = try await values.values(in: .backups, notUnder: "knew", limit: 10)
            #expect(found.map(\.text) == [two] && found.first?.keyIDs == ["knew", "kold"])
            let renewed = "\(Self.sealed("knew")) \(Self.sealed("knew"))"
            let replacements = found.map { SealedValueRepository.Replacement($0, sealed: renewed) }
            #expect(try await values.replace(replacements, in: .backups) == 1)
            #expect(try await values.values(in: .backups, notUnder: "knew", limit: 10).isEmpty)
            for change in ["NULL", "'\(Self.sealed("knew"))'"] {
                let sql = "UPDATE automation_backup SET sealed_secrets = \(change) WHERE version = 3"
                #expect(await Self.failure(sql, database) == "42501")
            }
            let added = "UPDATE automation_backup SET sealed_secrets = '\(Self.sealed("k"))' WHERE version = 1"
            #expect(await Self.failure(added, database) == "42501")
            try await values.retire(["kold"])
            let old = "UPDATE automation_backup SET sealed_secrets = '\(Self.sealed("kold"))' WHERE version = 2"
            #expect(await Self.failure(old, database) == "HB005")
        }
    }

    @Test func storesWhatIsDemandedOfACertificateAndTellsTheBridge() async throws {
        try await StoreDatabase.with { database in
            let user = try await database.addUser()
            let pin = String(repeating: "A", count: 43) + "="
            let trust = TLSTrust(authority: "-----BEGIN CERTIFICATE-----\nx\n", publicKey: pin)
            let added = try await database.connections.add(
                id: ConnectionID(), userID: user.id, name: "home", url: "https://home.example", sealedToken: "v1.x",
                trust: trust)
            #expect(added.trust == trust)
            let session = try await database.connect()
            try await session.listen(to: ConnectionRepository.notificationChannel)
            #expect(
                try await database.connections.setTrust(added.id, .system, sealedToken: "v1.y", expecting: "v1.stale")
                    == false)
            #expect(
                await Self.failure("UPDATE home_assistant_connections SET tls_public_key = NULL", database) == nil)
            #expect(
                try await session.notifications(waitingAtMost: .seconds(5)).map(\.payload) == [added.id.description])
            await session.close()
            #expect(
                try await database.connections.setTrust(added.id, .system, sealedToken: "v1.y", expecting: "v1.x"))
            #expect(try await database.connections.find(id: added.id)?.trust == .system)
            let plain = await Self.failure(
                "UPDATE home_assistant_connections SET url = 'http://home.example', tls_public_key = '\(pin)'", database
            )
            #expect(plain == "23514")
            #expect(
                await Self.failure("UPDATE home_assistant_connections SET tls_public_key = 'x'", database) == "23514")
        }
    }
}
