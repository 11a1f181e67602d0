import PostgresClient
import Testing

@testable import Store

/// Every table that carries a connection or a user, against every role; the tables come from the catalog.
@Suite(.needsPostgres) struct RowSecurityMatrixTests {
    /// Who asks: a role, and what app.current_user_id says, `nil` where it was never set.
    struct Persona: Sendable, CustomTestStringConvertible {
        let role: DatabaseRole
        let setting: String?
        /// Whose rows it may see; those of nobody where `nil`.
        let house: TwoHouses.House?
        let testDescription: String
    }

    private static let personas = [
        Persona(role: .owner, setting: nil, house: nil, testDescription: "owner, unset"),
        Persona(role: .owner, setting: "", house: nil, testDescription: "owner, empty"),
        Persona(role: .owner, setting: TwoHouses.anna.user, house: TwoHouses.anna, testDescription: "owner as anna"),
        Persona(role: .reader, setting: nil, house: nil, testDescription: "reader, unset"),
        Persona(role: .reader, setting: "", house: nil, testDescription: "reader, empty"),
        Persona(role: .reader, setting: "anna' OR true", house: nil, testDescription: "reader, no uuid"),
        Persona(
            role: .reader, setting: "99999999-0000-0000-0000-000000000000", house: nil,
            testDescription: "reader, unknown user"),
        Persona(role: .reader, setting: TwoHouses.anna.user, house: TwoHouses.anna, testDescription: "reader anna"),
        Persona(
            role: .reader, setting: TwoHouses.bob.user.uppercased(), house: TwoHouses.bob, testDescription: "reader bob"
        ),
    ]

    @Test(arguments: personas) func seesTheRowsOfItsUserAlone(_ persona: Persona) async throws {
        try await TwoHouses.with { database in
            let session = try await database.connect()
            try await session.execute("SET ROLE \(persona.role.rawValue)")
            if let setting = persona.setting {
                _ = try await session.query(
                    "SELECT set_config('app.current_user_id', $1, false)", [.text(setting)])
            }
            for table in try await ProtectedTable.all(database.session) {
                if ProtectedTable.hidden.contains(table.name) {
                    try await expectHidden(table, from: persona, session)
                    continue
                }
                for house in TwoHouses.houses {
                    let isTheirs = table.isOwn(of: house)
                    let stored = try await count(database.session, table, isTheirs)
                    #expect(stored > 0, "\(table) holds no row of user \(house.number): TwoHouses must fill it.")
                    let seen = try await count(session, table, isTheirs)
                    #expect(seen == (house.number == persona.house?.number ? stored : 0), "\(table)")
                }
            }
            await session.close()
        }
    }

    /// The mapping of logins is nobody's to read but the writer's; the owner looks up its own login, which is mapped to nobody.
    private func expectHidden(_ table: ProtectedTable, from persona: Persona, _ session: PostgresConnection)
        async throws
    {
        if persona.role == .owner {
            #expect(try await count(session, table, "true") == 0, "\(table)")
        } else {
            await expectDenied("SELECT FROM \(table)", session)
        }
    }

    @Test func theWriterSeesAllAndTheAuditorTheAuditTablesAlone() async throws {
        try await TwoHouses.with { database in
            let writer = try await database.connect()
            try await writer.execute("SET ROLE ha_bridge_writer")
            let auditor = try await database.connect()
            try await auditor.execute("SET ROLE ha_bridge_auditor")
            for table in try await ProtectedTable.all(database.session) {
                let stored = try await count(database.session, table, "true")
                #expect(try await count(writer, table, "true") == stored, "\(table)")
                if table.isAuditors {
                    #expect(try await count(auditor, table, "true") == stored, "\(table)")
                } else {
                    await expectDenied("SELECT FROM \(table)", auditor)
                }
            }
            await writer.close()
            await auditor.close()
        }
    }

    @Test func theMonthsOfTheEventsAreTheWritersAlone() async throws {
        try await TwoHouses.with { database in
            let months = try await ProtectedTable.months(database.session)
            #expect(months.count > 1)
            for role in [DatabaseRole.reader, .auditor] {
                let session = try await database.connect()
                try await session.execute(
                    "SET ROLE \(role.rawValue); SET app.current_user_id = '\(TwoHouses.anna.user)'")
                for month in months {
                    for statement in [
                        "SELECT FROM \(month)", "SELECT count(*) FROM ONLY \(month)",
                        "INSERT INTO \(month) DEFAULT VALUES",
                        "UPDATE \(month) SET new_state = NULL", "DELETE FROM \(month)", "TRUNCATE \(month)",
                        "COPY \(month) TO STDOUT",
                        "SELECT home_assistant_lock_event_partition('\(month)')",
                    ] {
                        await expectDenied(statement, session)
                    }
                }
                await session.close()
            }
            let anna = try await database.connect()
            try await anna.execute("SET ROLE ha_bridge_reader; SET app.current_user_id = '\(TwoHouses.anna.user)'")
            let seen = try await anna.query("SELECT DISTINCT connection_id::text AS id FROM home_assistant_events")
            #expect(try seen.map { row throws(PostgresError) in try row.string("id") } == [TwoHouses.anna.connection])
            await anna.close()
        }
    }

    @Test(arguments: [DatabaseRole.reader, .auditor]) func changesNothing(_ role: DatabaseRole) async throws {
        try await TwoHouses.with { database in
            let session = try await database.connect()
            try await session.execute("SET ROLE \(role.rawValue); SET app.current_user_id = '\(TwoHouses.anna.user)'")
            for table in try await ProtectedTable.all(database.session).map(\.name) + ProtectedTable.common.sorted() {
                await expectDenied("DELETE FROM \(table)", session)
                await expectDenied("TRUNCATE \(table) CASCADE", session)
                await expectDenied("INSERT INTO \(table) DEFAULT VALUES", session)
                let column = try await database.scalar(
                    "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1", [.text(table)])
                let name = try #require(column)
                await expectDenied("UPDATE \(table) SET \(name) = \(name)", session)
            }
            await session.close()
        }
    }

    @Test func theOwnerChangesNoRowWithoutAUser() async throws {
        try await TwoHouses.with { database in
            let session = try await database.connect()
            try await session.execute("SET ROLE ha_bridge_owner")
            for table in try await ProtectedTable.all(database.session) {
                let before = try await count(database.session, table, "true")
                #expect(try await session.query("DELETE FROM \(table)").affectedRows == 0, "\(table)")
                #expect(try await count(database.session, table, "true") == before, "\(table)")
            }
            await session.close()
        }
    }

    @Test(arguments: ["ha_bridge_writer", "ha_bridge_reader", "ha_bridge_auditor", nil])
    func auditRowsStayAsTheyAre(_ role: String?) async throws {
        try await TwoHouses.with { database in
            let session = try await database.connect()
            if let role { try await session.execute("SET ROLE \(role)") }
            for table in ProtectedTable.audit.sorted() {
                let column = table == "home_assistant_audit_log" ? "success" : "user_id"
                for statement in [
                    "UPDATE \(table) SET \(column) = NULL", "DELETE FROM \(table)", "TRUNCATE \(table)",
                    "DELETE FROM \(table) WHERE false",
                ] {
                    await expectDenied(statement, session)
                }
            }
            await session.close()
        }
    }

    @Test func theOwnerLiftsForceToPruneTheTrail() async throws {
        try await TwoHouses.with { database in
            try await database.session.transaction { session in
                try session.execute("SET LOCAL ROLE ha_bridge_owner")
                for table in ProtectedTable.audit.sorted() {
                    try session.execute("ALTER TABLE \(table) NO FORCE ROW LEVEL SECURITY")
                    #expect(try session.query("DELETE FROM \(table)").affectedRows == 2)
                    try session.execute("ALTER TABLE \(table) FORCE ROW LEVEL SECURITY")
                }
            }
            #expect(try await ProtectedTable.problems(database.session) == [])
        }
    }

    private func count(_ session: PostgresConnection, _ table: ProtectedTable, _ condition: String) async throws -> Int
    {
        let result = try await session.query(
            "SELECT count(*) AS count FROM \(table) WHERE \(condition)", name: table.name)
        return try result.one { row throws(PostgresError) in try row.int("count") }
    }

    private func expectDenied(
        _ sql: String, _ session: PostgresConnection, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        do {
            _ = try await session.query(sql)
            Issue.record("\(sql) was not refused.", sourceLocation: sourceLocation)
        } catch {
            #expect(error.sqlState == "42501", "\(sql): \(error)", sourceLocation: sourceLocation)
        }
    }
}
