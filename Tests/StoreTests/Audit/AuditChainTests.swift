import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// How rows come into chains.
@Suite(.needsPostgres) struct AuditChainTests {
    @Test(arguments: AuditTable.allCases) func aSignatureCoversEveryColumn(table: AuditTable) async throws {
        try await StoreDatabase.with { database in
            let columns = try await database.column(
                """
                SELECT attname FROM pg_attribute
                WHERE attrelid = '\(table.rawValue)'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
                """)
            let ofTheChain = ["connection_id", "chain_sequence", "previous_digest", "cryptographic_signature"]
            #expect(Set(columns) == Set(table.columns.map(\.name) + ofTheChain))
        }
    }

    @Test func whatWasWrittenVerifies() async throws {
        try await AuditHouse.with { house in
            try await house.fill(12)
            let report = try await house.verify()
            #expect(report.findings == [])
            #expect(report.chains.map(\.chain) == house.chains.sorted())
            #expect(
                report.chains.allSatisfy { $0.signedRows == 12 && $0.verifiedThrough == 12 && $0.unsignedRows == 0 })
        }
    }

    @Test func aPageEndsAnywhere() async throws {
        try await AuditHouse.with { house in
            let chain = AuditChain(.connections, house.connections[0])
            let count = Int(AuditChainWalk.pageSize) + 1
            for start in stride(from: 0, to: count, by: 1_000) {
                try await house.append(
                    (start..<min(start + 1_000, count)).map { AuditHouse.row(chain.table, chain.connection, $0) },
                    to: chain.table, keys: house.keys)
            }
            #expect(try await house.verify().isSound)
            try await house.tamper("DELETE FROM \(chain.table.rawValue) WHERE \(AuditHouse.place(chain, 4_097))")
            #expect(try await house.findings(of: chain) == ["truncated 4097"])
        }
    }

    @Test(arguments: AuditTable.allCases) func aMessageHasAFieldALine(table: AuditTable) async throws {
        try await AuditHouse.with { house in
            let chain = AuditChain(table, house.connections[0])
            try await house.append([AuditHouse.row(table, chain.connection, 1)], to: table, keys: house.keys)
            let row = try await house.pool.withConnection { session in
                try #require(try await SignedAuditRow.read(chain, 1...1, over: session).first)
            }
            let lines = String(decoding: row.message(of: chain), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(
                lines.prefix(5) == [
                    "ha-bridge audit v1", table.rawValue, "connection=\(chain.connection.map { "\($0)" } ?? "")",
                    "sequence=1",
                    "previous_digest=" + String(repeating: "0", count: 64),
                ])
            #expect(lines.dropFirst(5).dropLast().map { $0.prefix { $0 != "=" } } == table.columns.map { $0.name[...] })
            #expect(lines.last == "")
            #expect(lines.contains { $0.hasSuffix(#"=Row 1\nid=forged\t\\N \\ "'\r\vé🏠"#) })
            #expect(lines.contains("\(table.timeColumn)=\(Timestamp.sample.iso8601)"))
        }
    }

    @Test func nullIsNotTheEmptyText() {
        let chain = AuditChain(.connections, nil)
        let messages = [[UInt8](), Array(#"\N"#.utf8), Array(#"\\N"#.utf8)].map {
            AuditMessage.row(chain, sequence: 1, previousDigest: "".utf8, fields: [$0])
        }
        #expect(Set(messages).count == 3)
    }

    @Test func aRepeatedCallSignsNothingTwice() async throws {
        try await AuditHouse.with { house in
            let rows = (0..<20).map { AuditHouse.row(.connections, house.connections[$0 % 2], $0) }
            try await house.append(Array(rows.prefix(7)), to: .connections, keys: house.keys)
            for _ in 0..<2 { try await house.append(rows + rows, to: .connections, keys: house.keys) }
            #expect(try await house.database.scalar("SELECT count(*) FROM home_assistant_audit_log") == "20")
            #expect(try await house.verify().isSound)
        }
    }

    @Test func manyWriteTheSameChainsAtOnce() async throws {
        try await AuditHouse.with { house in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for round in 0..<8 {
                            // Each in another order, as batches come.
                            let rows = (0..<6).map {
                                AuditHouse.row(.connections, house.connections[(writer + $0) % 3], round)
                            }
                            try await house.append(rows, to: .connections, keys: house.keys)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await house.database.scalar("SELECT count(*) FROM home_assistant_audit_log") == "192")
            let report = try await house.verify()
            #expect(report.findings == [])
            #expect(report.chains.map(\.verifiedThrough) == [64, 64, 64])
        }
    }

    @Test func rowsFromBeforeSigningAreNoFault() async throws {
        try await AuditHouse.with { house in
            for table in AuditTable.allCases {
                let old = house.connections.map { AuditHouse.row(table, $0, 1) }
                try await house.append(old, to: table, keys: nil)
            }
            #expect(try await house.verify().isSound)
            try await house.fill(3)
            let report = try await house.verify()
            #expect(report.findings == [])
            #expect(report.chains.allSatisfy { $0.unsignedRows == 1 && $0.signedRows == 3 })
            let chain = AuditChain(.decisions, house.connections[1])
            let late = AuditHouse.row(chain.table, chain.connection, 9)
            try await house.append([late], to: chain.table, keys: nil)
            let finding = try #require(try await house.verify().findings.first)
            #expect(finding.kind == .unsigned && finding.chain == chain)
            try await house.tamper("DELETE FROM \(chain.table.rawValue) WHERE chain_sequence IS NULL")
            #expect(
                try await house.verify().findings.map(\.kind) == [.deleted, .deleted, .deleted])
        }
    }

    @Test func aNewKeyContinuesTheChain() async throws {
        try await AuditHouse.with { house in
            let old = try AuditHouse.keyringText()
            // The old key stays, and is primary no more.
            let rotated = try AuditHouse.keyring(
                try AuditHouse.keyringText()
                    + old.split(separator: "\n").filter { $0.hasPrefix("sign ") }
                    .map { $0.replacing(" primary", with: "") }.joined(separator: "\n") + "\n")
            let house = AuditHouse(database: house.database, keyring: try AuditHouse.keyring(old))
            try await house.fill(4)
            try await house.fill(4, keys: AuditKeys(rotated))
            let verifier = rotated.verifier
            #expect(try await AuditVerifier(house.pool, keys: { verifier }).verify().isSound)
            // Who knows the older key alone is told where the other begins.
            let chain = house.chains[0]
            let findings = try await house.verify().findings.filter { $0.chain == chain }
            #expect(findings.map(\.kind) == [.foreign])
        }
    }

    @Test func theLedgersOfTheRepositoriesVerify() async throws {
        try await ManagedHouse.with { database in
            let keys = AuditKeys(try AuditHouse.newKeyring())
            let connection = try #require(ConnectionID(ManagedHouse.connection))
            let automation = try #require(AutomationID(ManagedHouse.automation))
            let trail = AutomationAuditRepository(database.pool, keys: keys)
            // The connection is that of the automation.
            let entry = AutomationAuditEntry(
                automationID: automation, action: .backup, description: "Backed up.", before: #"{"a":1}"#,
                ipAddress: "10.0.0.1", timestamp: .sample)
            try await trail.append([entry])
            var expected = entry
            expected.connectionID = connection
            expected.before = #"{"a": 1}"#
            #expect(try await trail.recent(automation: automation) == [expected])
            let decisions = DecisionRepository(database.pool, keys: keys)
            let draft = DecisionDraft(
                .suggestion, "Dim it.", subjectKey: "dim", confidence: 80, input: "{}", output: #"{"x":1}"#,
                reason: "Bright.")
            let stored = try await decisions.record([draft], of: connection, model: "test 1")
            let decision = try #require(stored.first)
            try await decisions.answer(decision.id, .approved, comment: "Yes", by: nil)
            #expect(try await decisions.record([draft], of: connection, model: "test 1").isEmpty)
            #expect(try await decisions.list(includesAnswered: true).map(\.feedback) == [.approved])
            let report = try await AuditVerifier(database.pool, keys: keys.verifier).verify()
            #expect(report.findings == [])
            #expect(
                report.chains.map { "\($0.chain.table.rawValue) \($0.verifiedThrough)" } == [
                    "ai_decision_audit 2", "automation_audit_trail 1",
                ])
        }
    }
}
