import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// What must not be seen, and what must not be written in clear.
@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct ChangeSecretTests {
    private static let secret = "hunter2-is-not-a-good-one"

    private static func json(_ id: String, _ alias: String) -> String {
        #"{"id":"\#(id)","alias":"\#(alias)","triggers":[],"actions":[{"action":"rest_command.door","data":{"password":"\#(secret)"}}],"mode":"single"}"#
    }

    @Test func aSealedValueReachesTheHouseAndNothingElse() async throws {
        try await ChangeRig.with { rig in
            let row = try await rig.add("door")
            let refused = try await rig.add("refused")
            try await rig.keeping {
                try await rig.propose(.modify, "door", of: row, configuration: Self.json("door", "New"))
                #expect(try await rig.ended(row).status == .completed)
                #expect(rig.house.configuration("door")?.json.contains(Self.secret) == true)
                // Proposed against a configuration that holds a secret.
                try await rig.propose(.modify, "door", of: row, alias: "Newer")
                #expect(try await rig.ended(row, count: 2).status == .completed)
                try await rig.rollBack(row, to: 2)
                #expect(try await rig.ended(row, .rollback).status == .completed)
                #expect(rig.house.configuration("door")?.json.contains(Self.secret) == true)

                rig.house.update { $0.refusal = "Message malformed: expected int @ data. Got '\(Self.secret)'" }
                try await rig.propose(.modify, "refused", of: refused, configuration: Self.json("refused", "New"))
                let operation = try await rig.ended(refused)
                #expect(operation.status == .failed && operation.errorMessage?.contains("Got '‹hidden›'") == true)
            }
            let tables = try await rig.column(
                """
                SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
                    AND (tablename LIKE 'automation%' OR tablename LIKE 'approval%' OR tablename LIKE 'rollback%')
                """)
            #expect(tables.count > 8)
            for table in tables {
                let rows = try await rig.column("SELECT row_to_json(t)::text FROM \(table) AS t")
                #expect(!rows.contains { $0.contains(Self.secret) }, "\(table)")
            }
        }
    }

    @Test func aFileWithASecretOfTheHouseIsLeftAlone() async throws {
        try await ChangeRig.with { rig in
            let row = try await rig.add("hall")
            try await rig.propose(.modify, "hall", of: row)
            rig.house.update { $0.isUnreadable = true }
            try await rig.keeping {
                let operation = try await rig.ended(row)
                #expect(operation.status == .failed && operation.errorMessage?.contains("!secret") == true)
            }
            #expect(rig.house.writes.isEmpty)
        }
    }

    @Test func aVersionThatMayComeFromSecretsIsNotWritten() async throws {
        try await ChangeRig.with { rig in
            let row = try await rig.add("door")
            let sealed = try rig.sealer.seal(
                try #require(ConfigurationValue(json: Self.json("door", "Seen"))), of: row,
                connection: rig.connection)
            let seen = NewBackup(
                name: "Seen", type: .automatic, snapshot: sealed.snapshot.json, digest: sealed.digest,
                sealedSecrets: sealed.sealedSecrets, metadata: #"{"read_by": "automation/config"}"#)
            _ = try await rig.backups.add(seen, of: row)
            try await rig.keeping {
                try await rig.rollBack(row, to: 1)
                var operation = try await rig.ended(row, .rollback)
                #expect(operation.status == .failed && operation.errorMessage?.contains("in clear") == true)
                #expect(rig.house.writes.isEmpty)
                // The same, read from the file: then the values stood there in clear.
                var read = seen
                read.metadata = #"{"read_by": "file"}"#
                _ = try await rig.backups.add(read, of: row)
                try await rig.rollBack(row, to: 1)
                operation = try await rig.ended(row, .rollback, count: 2)
                #expect(operation.status == .completed, "\(operation)")
                #expect(rig.house.alias("door") == "Seen")
            }
        }
    }

    @Test func comparesAsHomeAssistantWrites() throws {
        let same = [
            (#"{"a":1.50}"#, #"{"a":1.5}"#),
            (
                #"{"trigger":{"platform":"state"},"mode":"single"}"#,
                #"{"triggers":[{"trigger":"state"}],"conditions":[]}"#
            ),
        ]
        for (left, right) in same {
            let left = try #require(ConfigurationValue(json: left))
            let right = try #require(ConfigurationValue(json: right))
            #expect(ConfigurationComparison.areSame(left, right))
        }
        let one = try #require(ConfigurationValue(json: #"{"a":["1"]}"#))
        for other in [#"{"a":[1]}"#, #"{"a":["1","2"]}"#, #"{"a":["1"],"b":null}"#] {
            let other = try #require(ConfigurationValue(json: other))
            #expect(!ConfigurationComparison.areSame(one, other))
        }
    }
}
