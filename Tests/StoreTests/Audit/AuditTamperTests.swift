import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// What an owner of the tables can do to the trail, and what verification says of it.
@Suite(.needsPostgres) struct AuditTamperTests {
    /// Another value of a column of that type.
    private static func other(_ column: AuditTable.Column) -> String {
        switch column.type {
        case "uuid": "gen_random_uuid()"
        case "jsonb": #"jsonb_set(coalesce(\#(column.name), '{}'), '{0}', '"forged"')"#
        case "inet": "'10.9.8.7'"
        case "boolean": "NOT \(column.name)"
        case "integer", "numeric(5,2)": "coalesce(\(column.name), 0) + 1"
        case "timestamptz": "\(column.name) + interval '1 microsecond'"
        default: "coalesce(\(column.name), '') || '!'"
        }
    }

    @Test(arguments: AuditTable.allCases) func anEditOfAnyColumnIsFound(table: AuditTable) async throws {
        try await AuditHouse.with { house in
            try await house.fill(6)
            try await house.dropConstraints()
            try await house.keep()
            for (number, column) in table.columns.enumerated() {
                let chain = AuditChain(table, house.connections[number % 3])
                let sequence = Int64(number % 6 + 1)
                if column.name != "id" {
                    try await house.tamper("ALTER TABLE \(table.rawValue) ALTER COLUMN \(column.name) DROP NOT NULL")
                }
                try await house.tamper(
                    """
                    UPDATE \(table.rawValue) SET \(column.name) = \(Self.other(column)) WHERE \(AuditHouse.place(chain, sequence))
                    """)
                #expect(try await house.findings(of: chain) == ["edited \(sequence)"], "\(column.name)")
                // Nothing instead of something.
                if column.name != "id" {
                    try await house.restore()
                    try await house.tamper(
                        "UPDATE \(table.rawValue) SET \(column.name) = NULL WHERE \(AuditHouse.place(chain, sequence))")
                    #expect(try await house.findings(of: chain) == ["edited \(sequence)"], "\(column.name) NULL")
                }
                try await house.restore()
            }
            let chain = AuditChain(table, house.connections[0])
            for (change, expected) in [
                ("previous_digest = sha256('x')", ["edited 4"]),
                ("previous_digest = NULL", ["edited 4"]),
                (
                    "cryptographic_signature = 'v1.' || split_part(cryptographic_signature, '.', 2) || '.' || repeat('A', 86) || '=='",
                    ["edited 4"]
                ),
                ("cryptographic_signature = NULL", ["edited 4"]),
                ("cryptographic_signature = 'nonsense'", ["edited 4"]),
                ("chain_sequence = 40", ["deleted 4"]),
                ("chain_sequence = 5", ["deleted 4"]),
                ("chain_sequence = -1", ["inserted -1"]),
                ("chain_sequence = NULL", ["deleted 4", "unsigned"]),
            ] {
                try await house.tamper("UPDATE \(table.rawValue) SET \(change) WHERE \(AuditHouse.place(chain, 4))")
                #expect(try await house.findings(of: chain) == expected, "\(change)")
                try await house.restore()
            }
            // Into another chain: it is missing in the one, and of no use in the other.
            let target = try #require(house.connections[1])
            try await house.tamper(
                "UPDATE \(table.rawValue) SET connection_id = '\(target)' WHERE \(AuditHouse.place(chain, 4))")
            let kinds = try await house.verify().findings.map {
                [$0.kind.rawValue, "\($0.sequence ?? 0)", "\($0.chain == chain)"]
            }
            #expect(kinds.contains(["deleted", "4", "true"]))
            #expect(kinds.contains(["inserted", "4", "false"]))
            try await house.restore()
            #expect(try await house.verify().isSound)
        }
    }

    @Test(arguments: AuditTable.allCases) func missingRowsAreFound(table: AuditTable) async throws {
        try await AuditHouse.with { house in
            try await house.fill(9)
            try await house.dropConstraints()
            try await house.keep()
            let name = table.rawValue
            let chain = AuditChain(table, house.connections[2])
            let here = chain.condition(on: name)
            for (sql, expected) in [
                ("DELETE FROM \(name) WHERE \(AuditHouse.place(chain, 1))", ["deleted 1"]),
                ("DELETE FROM \(name) WHERE \(AuditHouse.place(chain, 5))", ["deleted 5"]),
                ("DELETE FROM \(name) WHERE \(AuditHouse.place(chain, 9))", ["truncated 9"]),
                ("DELETE FROM \(name) WHERE \(here) AND chain_sequence BETWEEN 3 AND 6", ["deleted 3"]),
                ("DELETE FROM \(name) WHERE \(here) AND chain_sequence > 6", ["truncated 7"]),
                ("DELETE FROM \(name) WHERE \(here)", ["truncated 1"]),
                // With the hole closed.
                (
                    """
                    DELETE FROM \(name) WHERE \(AuditHouse.place(chain, 5));
                    UPDATE \(name) SET chain_sequence = chain_sequence - 1 WHERE \(here) AND chain_sequence > 5
                    """, ["deleted 5"]
                ),
                // Swapped as a whole, in number alone, and in what they say.
                (Self.swap("chain_sequence", chain, 4, 6), ["reordered 4"]),
                (Self.swap("chain_sequence, previous_digest", chain, 4, 6), ["reordered 4"]),
                (
                    Self.swap("chain_sequence, previous_digest, cryptographic_signature", chain, 4, 6),
                    ["reordered 4"]
                ),
                (Self.copy(chain, 4, as: 4), ["inserted 4"]),
                (Self.copy(chain, 4, as: 10), ["edited 10"]),
                (
                    "DELETE FROM audit_chain_heads WHERE table_name = '\(name)' AND \(chain.condition(on: "audit_chain_heads"))",
                    ["head_missing"]
                ),
                (
                    "UPDATE audit_chain_heads SET sequence = 8 WHERE table_name = '\(name)' AND \(chain.condition(on: "audit_chain_heads"))",
                    ["head_edited"]
                ),
                (
                    "UPDATE audit_chain_heads SET unsigned_rows = 1 WHERE table_name = '\(name)' AND \(chain.condition(on: "audit_chain_heads"))",
                    ["head_edited", "deleted"]
                ),
            ] {
                try await house.tamper(sql)
                #expect(try await house.findings(of: chain) == expected, "\(sql)")
                try await house.restore()
            }
            try await house.tamper("TRUNCATE \(name)")
            let found = try await house.verify().findings
            #expect(found.map(\.kind) == [.truncated, .truncated, .truncated])
            #expect(found.allSatisfy { $0.message.contains("which is all of it") })
        }
    }

    @Test(arguments: AuditTable.allCases) func aForgersOwnKeyIsFound(table: AuditTable) async throws {
        try await AuditHouse.with { house in
            try await house.fill(8)
            try await house.dropConstraints()
            let chain = AuditChain(table, house.connections[0])
            let forger = try AuditHouse.newKeyring()
            // Everything from row 4 on written anew: digests fit, and so would the head.
            try await house.resign(chain, from: 4, forger, andHead: true)
            let findings = try await house.verify().findings
            #expect(findings.map(\.kind) == [.foreign])
            #expect(findings.first?.sequence == nil)
            try await house.resign(chain, from: 4, forger, andHead: false)
            #expect(try await house.verify().findings.contains { $0.kind == .foreign && $0.chain == chain })
        }
    }

    @Test func whoHasTheKeyIsFoundByACheckpoint() async throws {
        try await AuditHouse.with { house in
            try await house.fill(8)
            try await house.dropConstraints()
            try await house.keep()
            let chain = AuditChain(.connections, house.connections[0])
            let checkpointer = AuditCheckpointer(house.pool, keys: house.keys)
            let look = try await checkpointer.look()
            #expect(look.warnings == [])
            let checkpoint = try #require(try checkpointer.statement(of: look.positions, at: .sample))
            let read = try #require(AuditCheckpoint(line: try checkpoint.line()))
            #expect(read == checkpoint)
            #expect(try await house.findings(of: chain, against: [read]) == [])
            // Written anew with the key itself.
            try await house.resign(chain, from: 5, house.keyring, andHead: true)
            #expect(try await house.findings(of: chain) == [])
            #expect(try await house.findings(of: chain, against: [read]) == ["rewritten 8"])
            try await house.restore()
            // Everything gone, as if nothing had ever been.
            try await house.tamper(
                """
                DELETE FROM \(chain.table.rawValue) WHERE \(chain.condition(on: chain.table.rawValue));
                DELETE FROM audit_chain_heads WHERE table_name = '\(chain.table.rawValue)' AND \(chain.condition(on: "audit_chain_heads"))
                """)
            #expect(try await house.findings(of: chain) == [])
            #expect(try await house.findings(of: chain, against: [read]) == ["truncated 1"])
            #expect(try await checkpointer.look(after: look.positions).warnings == ["The head of \(chain) is gone."])
            try await house.restore()
            // Back to an older state, head and all.
            let older = try await house.oldHead(chain)
            try await house.fill(2)
            let newer = try await checkpointer.look()
            let second = try #require(
                try checkpointer.statement(of: newer.positions, since: look.positions, at: .sample))
            #expect(!second.isComplete)
            try await house.tamper(
                "DELETE FROM \(chain.table.rawValue) WHERE \(chain.condition(on: chain.table.rawValue)) AND chain_sequence > 8"
            )
            try await house.setHead(older)
            #expect(try await house.findings(of: chain) == [])
            #expect(try await house.findings(of: chain, against: [read, second]) == ["truncated 9"])
            // A checkpoint that was tampered with says nothing.
            let bent = try #require(
                AuditCheckpoint(line: try second.line().replacing(#""sequence":10"#, with: #""sequence":99"#)))
            #expect(try await house.verify(against: [bent]).findings.map(\.kind) == [.checkpointEdited])
        }
    }

    /// A bridge that goes on after somebody tampered with the head must not sign it into order.
    @Test func theBridgeDoesNotLaunderATamperedHead() async throws {
        try await AuditHouse.with { house in
            try await house.fill(6)
            try await house.dropConstraints()
            try await house.keep()
            let chain = AuditChain(.connections, house.connections[0])
            let (name, here) = (chain.table.rawValue, chain.condition(on: chain.table.rawValue))
            let head = "table_name = '\(name)' AND \(chain.condition(on: "audit_chain_heads"))"
            for (sql, expected) in [
                ("DELETE FROM audit_chain_heads WHERE \(head)", ["deleted 7"]),
                (
                    "DELETE FROM audit_chain_heads WHERE \(head); DELETE FROM \(name) WHERE \(here) AND chain_sequence > 4",
                    ["deleted 5"]
                ),
                ("UPDATE audit_chain_heads SET sequence = 3 WHERE \(head)", ["deleted 7"]),
                (
                    "UPDATE audit_chain_heads SET unsigned_rows = 1 WHERE \(head); INSERT INTO \(name) (user_id, action, success, connection_id) VALUES (gen_random_uuid(), 'connect', true, '\(house.connections[0].map { "\($0)" } ?? "")')",
                    ["deleted 7"]
                ),
                ("DELETE FROM \(name) WHERE \(here) AND chain_sequence > 4", ["deleted 5"]),
            ] {
                try await house.tamper(sql)
                try await house.append(
                    [AuditHouse.row(.connections, chain.connection, 9)], to: .connections, keys: house.keys)
                #expect(try await house.findings(of: chain) == expected, "\(sql)")
                try await house.restore()
            }
        }
    }

    @Test func tamperingAtRandomIsFound() async throws {
        let seed = TestSeed.value
        var generator = SeededGenerator(seed: seed)
        try await AuditHouse.with { house in
            try await house.fill(20)
            try await house.dropConstraints()
            try await house.keep()
            for _ in 0..<40 {
                let chain = house.chains.randomElement(using: &generator) ?? house.chains[0]
                let name = chain.table.rawValue
                let one = Int64.random(in: 1...20, using: &generator)
                let two = Int64.random(in: 1...19, using: &generator)
                let other = two < one ? two : two + 1
                let column = chain.table.columns.randomElement(using: &generator) ?? chain.table.columns[0]
                let (sql, kinds): (String, Set<AuditFinding.Kind>) =
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0:
                        (
                            "UPDATE \(name) SET \(column.name) = \(Self.other(column)) WHERE \(AuditHouse.place(chain, one))",
                            [.edited]
                        )
                    case 1:
                        (
                            "DELETE FROM \(name) WHERE \(AuditHouse.place(chain, one))",
                            [one == 20 ? .truncated : .deleted]
                        )
                    case 2: (Self.swap("chain_sequence", chain, one, other), [.reordered])
                    case 3:
                        (
                            "DELETE FROM \(name) WHERE \(chain.condition(on: name)) AND chain_sequence >= \(one)",
                            [.truncated]
                        )
                    default: (Self.copy(chain, one, as: other), [.inserted])
                    }
                try await house.tamper(sql)
                let findings = try await house.verify().findings
                #expect(findings.count == 1, "seed \(seed): \(sql)")
                #expect(
                    findings.allSatisfy { kinds.contains($0.kind) && $0.chain == chain },
                    "seed \(seed): \(sql): \(findings.map(\.message))")
                try await house.restore()
            }
            #expect(try await house.verify().isSound)
        }
    }

    // MARK: Statements

    private static func swap(_ columns: String, _ chain: AuditChain, _ one: Int64, _ two: Int64) -> String {
        let name = chain.table.rawValue
        let sets = columns.split(separator: ", ").map { "\($0) = other.\($0)" }.joined(separator: ", ")
        return """
            UPDATE \(name) SET \(sets) FROM \(name) AS other
            WHERE \(chain.condition(on: name)) AND \(chain.condition(on: "other"))
                AND (\(name).chain_sequence, other.chain_sequence) IN ((\(one), \(two)), (\(two), \(one)))
            """
    }

    private static func copy(_ chain: AuditChain, _ number: Int64, as place: Int64) -> String {
        let name = chain.table.rawValue
        let columns = chain.table.columns.map(\.name).filter { $0 != "id" }.joined(separator: ", ")
        return """
            INSERT INTO \(name) (connection_id, \(columns), chain_sequence, previous_digest, cryptographic_signature)
            SELECT connection_id, \(columns), \(place), previous_digest, cryptographic_signature
            FROM \(name) WHERE \(AuditHouse.place(chain, number))
            """
    }
}

extension AuditHouse {
    /// Signs the rows of a chain from a number on anew, as somebody could who has `keyring`, after an edit of the first of them.
    func resign(_ chain: AuditChain, from first: Int64, _ keyring: Keyring, andHead: Bool) async throws {
        let signer = try #require(keyring.signer)
        let rows = try await pool.withConnection { try await SignedAuditRow.read(chain, 1...1_000, over: $0) }
        var hash = try SHA256Digest()
        var digest = AuditPosition.start.digest
        var statements: [String] = []
        for row in rows {
            var message = row.message(of: chain)
            var signature = try #require(row.signature)
            if row.sequence >= first {
                var fields = row.fields
                // A first person: the second column of each table but that of decisions is an id.
                if row.sequence == first { fields[1] = Array("00000000-0000-0000-0000-000000000009".utf8)[...] }
                message = AuditMessage.row(chain, sequence: row.sequence, previousDigest: digest.utf8, fields: fields)
                signature = try signer.sign(message)
                let edit =
                    row.sequence == first
                    ? ", \(chain.table.columns[1].name) = '00000000-0000-0000-0000-000000000009'" : ""
                statements.append(
                    """
                    UPDATE \(chain.table.rawValue) SET previous_digest = decode('\(digest)', 'hex'),
                        cryptographic_signature = '\(signature)'\(edit) WHERE id = '\(row.id)'
                    """)
            }
            digest = try AuditMessage.digest(of: message, signature, with: &hash).hex
        }
        try await tamper(statements.joined(separator: ";"))
        guard andHead else { return }
        var head = try await oldHead(chain)
        head.position.digest = digest
        try await setHead(try head.signed(by: signer))
    }

    func oldHead(_ chain: AuditChain) async throws -> AuditChainHead {
        try await pool.withConnection { session in
            let states = try await AuditChainState.read(chain.table, connection: nil, over: session)
            return try #require(states[chain]?.head)
        }
    }

    func setHead(_ head: AuditChainHead) async throws {
        try await tamper(
            """
            UPDATE audit_chain_heads SET sequence = \(head.position.sequence), digest = decode('\(head.position.digest)', 'hex'),
                unsigned_rows = \(head.unsignedRows), started_at = \(PostgresLiteral.timestamp(head.startedAt)),
                updated_at = \(PostgresLiteral.timestamp(head.updatedAt)), cryptographic_signature = '\(head.signature)'
            WHERE table_name = '\(head.chain.table.rawValue)' AND \(head.chain.condition(on: "audit_chain_heads"))
            """)
    }
}
