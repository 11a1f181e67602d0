import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

/// Rows that are taken out on purpose.
@Suite(.needsPostgres) struct AuditPrunerTests {
    private func pruner(_ house: AuditHouse) -> AuditPruner { AuditPruner(house.pool, keys: house.keys) }

    @Test(arguments: AuditTable.allCases) func whatIsLeftVerifies(table: AuditTable) async throws {
        try await AuditHouse.with { house in
            try await house.fill(12)
            let chain = AuditChain(table, house.connections[0])
            #expect(try await pruner(house).prune(chain, through: 5, reason: "retention", step: 2) == 5)
            #expect(try await house.verify().findings == [])
            #expect(try await house.database.scalar("SELECT count(*) FROM audit_chain_anchors") == "1")
            // Further rows, those of the middle, and everything.
            try await house.fill(3)
            #expect(try await pruner(house).prune(chain, through: 7, reason: "retention") == 2)
            #expect(try await pruner(house).prune(chain, rows: 9...10, reason: "erasure") == 2)
            let report = try await house.verify()
            #expect(report.findings == [])
            #expect(report.chains.first { $0.chain == chain }?.removedRows == 9)
            #expect(try await pruner(house).prune(chain, through: 100, reason: "the \n end") == 6)
            #expect(try await house.verify().findings == [])
            try await house.fill(2)
            #expect(try await house.verify().findings == [])
            // Row security holds again.
            #expect(
                try await house.database.column(
                    """
                    SELECT relname::text FROM pg_class
                    WHERE relname IN (\(AuditHouse.names.map { "'\($0)'" }.joined(separator: ","))) AND NOT relforcerowsecurity
                    """) == [])
        }
    }

    @Test func aRetentionRuleTakesTheBeginning() async throws {
        try await AuditHouse.with { house in
            for connection in house.connections {
                try await house.append([AuditHouse.row(.connections, connection, 0)], to: .connections, keys: nil)
            }
            try await house.fill(10)
            let moment = Timestamp.sample.adding(seconds: 4)
            let plans = try await pruner(house).plans(before: moment)
            #expect(plans.map(\.chain) == house.chains.sorted())
            #expect(plans.allSatisfy { $0.through == 4 && $0.signedRows == 4 })
            #expect(plans.map(\.unsignedRows).reduce(0, +) == 3)
            for plan in plans {
                let count = try await pruner(house).prune(
                    plan.chain, through: plan.through, unsignedBefore: moment, reason: "retention")
                #expect(count == plan.signedRows + plan.unsignedRows)
            }
            #expect(try await pruner(house).plans(before: moment) == [])
            let report = try await house.verify()
            #expect(report.findings == [])
            #expect(report.chains.allSatisfy { $0.signedRows == 6 && $0.unsignedRows == 0 })
        }
    }

    @Test func whatWasTamperedWithIsNotPrunedInSilence() async throws {
        try await AuditHouse.with { house in
            try await house.fill(10)
            let chain = AuditChain(.decisions, house.connections[2])
            try await house.tamper("DELETE FROM ai_decision_audit WHERE \(AuditHouse.place(chain, 3))")
            let error = try await thrown(StoreError.self) {
                _ = try await pruner(house).prune(chain, through: 6, reason: "retention")
            }
            #expect(error.code == .auditUnsound)
            #expect(try await house.findings(of: chain) == ["deleted 3"])
            #expect(
                try await pruner(house).prune(chain, through: 6, reason: "retention", acceptsFindings: true) == 5)
            #expect(try await house.verify().findings == [])
            let reason = try #require(try await house.database.scalar("SELECT reason FROM audit_chain_anchors"))
            #expect(reason.hasPrefix("retention (accepted: Row 3 of ai_decision_audit"))
        }
    }

    @Test func anAnchorIsHeldToItsSignature() async throws {
        try await AuditHouse.with { house in
            try await house.fill(10)
            let chain = AuditChain(.connections, house.connections[1])
            _ = try await pruner(house).prune(chain, through: 4, reason: "retention")
            try await house.dropConstraints()
            try await house.keep()
            for (sql, expected) in [
                ("UPDATE audit_chain_anchors SET reason = 'nothing'", ["anchor_edited 1"]),
                ("UPDATE audit_chain_anchors SET last_sequence = 5", ["anchor_edited 1"]),
                ("DELETE FROM audit_chain_anchors", ["deleted 1"]),
                ("UPDATE audit_chain_anchors SET connection_id = NULL", ["deleted 1", "forked 1 in"]),
                ("DELETE FROM home_assistant_audit_log WHERE \(AuditHouse.place(chain, 5))", ["deleted 5"]),
            ] {
                try await house.tamper(sql)
                let found = try await house.findings(of: chain)
                #expect(found.first == expected.first || found.contains(expected[0]), "\(sql): \(found)")
                try await house.restore()
            }
            #expect(try await house.verify().isSound)
        }
    }

    @Test func withoutTheKeyNothingIsTakenOut() async throws {
        try await AuditHouse.with { house in
            try await house.fill(3)
            let verifier = house.keyring.verifier
            let pruner = AuditPruner(house.pool, keys: AuditKeys(signer: { nil }, verifier: { verifier }))
            let error = try await thrown(StoreError.self) {
                _ = try await pruner.prune(house.chains[0], through: 2, reason: "retention")
            }
            #expect(error.code == .noSigningKey)
            #expect(try await house.verify().chains.map(\.signedRows) == Array(repeating: 3, count: 9))
        }
    }
}
