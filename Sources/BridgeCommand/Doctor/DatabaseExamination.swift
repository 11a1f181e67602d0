import BridgeCore
import PostgresClient
import Store

/// What the database has for the bridge: its version and settings, pgvector, the rights of the login, the schema, and what the
/// tables tell of the bridge's work.
struct DatabaseExamination {
    private static let subject = "PostgreSQL"
    private let settings: BridgeSettings
    private let context: CommandContext

    init(_ settings: BridgeSettings, _ context: CommandContext) {
        self.settings = settings
        self.context = context
    }

    /// Whether the tables can be read as this program knows them.
    func isUsable() async -> Bool {
        (try? await context.withPool(settings) { pool in
            try await pool.withConnection { try await Migrator().status(on: $0).isCurrent }
        }) ?? false
    }

    func findings() async -> [Finding] {
        do {
            var findings = try await context.withSession(settings) { session in
                try await Self.server(session) + Self.schema(session)
            }
            if await isUsable() {
                findings += try await context.withPool(settings) { try await Self.work($0) }
            }
            return findings
        } catch {
            return [
                .wrong(
                    Self.subject, "\(error)",
                    "Nothing else about the database can be said. DATABASE_URL names it; see ha-bridge help."
                )
            ]
        }
    }

    // MARK: The server

    private static func server(_ session: PostgresConnection) async throws -> [Finding] {
        let portrait = try await ServerPortrait.read(on: session)
        return [
            version(portrait), settings(of: portrait), room(portrait), login(portrait),
            clock(
                of: "Clock", whose: "The database's", at: portrait.time, between: portrait.asked, and: portrait.answered
            ),
        ].compactMap(\.self)
    }

    static func version(_ server: ServerPortrait) -> Finding {
        guard server.versionNumber >= 150_000 else {
            return .wrong(subject, "The server is of version \(server.version).", "15 or newer is needed: upgrade it.")
        }
        guard let vector = server.vectorVersion else {
            return server.offersVector
                ? .wrong(
                    subject, "\(server.version), and the extension vector is not made in this database.",
                    "Run: ha-bridge migrate up")
                : .wrong(
                    subject, "\(server.version), without pgvector.",
                    "Install it for this server: postgresql-NN-pgvector of Debian, or the image pgvector/pgvector.")
        }
        return .well(subject, "\(server.version) with pgvector \(vector).")
    }

    private static func settings(of server: ServerPortrait) -> Finding? {
        if server.isReadOnly {
            return .wrong(
                subject, "The server takes no writes: it is a standby, or set to read only.",
                "Name the primary in DATABASE_URL. What comes meanwhile waits on disk.")
        }
        if !server.survivesPowerCuts {
            return .wrong(
                subject, "fsync or full_page_writes is off: a power cut may cost the database.",
                "Switch both on in postgresql.conf.")
        }
        guard server.cleansUp else {
            return .mind(
                subject, "autovacuum or track_counts is off: tables grow and plans get worse.",
                "Switch both on in postgresql.conf.")
        }
        return nil
    }

    private static func room(_ server: ServerPortrait) -> Finding? {
        guard server.freeSessions < 20 else { return nil }
        return .mind(
            subject, "The server has room for \(max(0, server.freeSessions)) more sessions; a bridge takes about 20.",
            "Raise max_connections, or end programs that hold sessions.")
    }

    private static func login(_ server: ServerPortrait) -> Finding? {
        // Without the role there is no schema yet, which is said below.
        guard let mayWrite = server.mayWrite else { return nil }
        if server.isSuperuser {
            return .mind(
                "Login", "DATABASE_URL logs in as a superuser, who may do more than any bridge should.",
                "Make a login that is a member of \(DatabaseRole.writer.rawValue), and run the bridge with that.")
        }
        guard mayWrite else {
            return .wrong(
                "Login", "The login of DATABASE_URL may not act as \(DatabaseRole.writer.rawValue).",
                "Let the database's owner grant it: GRANT \(DatabaseRole.writer.rawValue) TO …;")
        }
        return .well("Login", "It may write rows as \(DatabaseRole.writer.rawValue).")
    }

    /// How far `whose` clock, which showed `time` some moment between two others, is from this machine's.
    static func clock(
        of subject: String, whose: String, at time: Timestamp, between before: Timestamp, and after: Timestamp
    ) -> Finding {
        let (behind, ahead) = (before.microseconds - time.microseconds, time.microseconds - after.microseconds)
        let off = max(behind, ahead, 0)
        let text =
            "\(whose) is \(TimeText.short(.microseconds(off))) \(ahead > 0 ? "ahead of" : "behind") this machine's"
        let advice = "Let both machines set their clocks by NTP."
        switch off {
        case ..<2_000_000: return .well(subject, "\(whose) agrees with this machine's.")
        case ..<60_000_000: return .mind(subject, text + ".", advice)
        default: return .wrong(subject, text + ": times of events cannot be compared.", advice)
        }
    }

    // MARK: The schema and the work

    private static func schema(_ session: PostgresConnection) async throws -> [Finding] {
        let status = try await Migrator().status(on: session)
        if let problem = status.entries.compactMap(\.problem).first {
            return [.wrong("Schema", problem, "See: ha-bridge migrate status")]
        }
        guard status.isCurrent else {
            return [.wrong("Schema", "It is not that of this program.", "Run: ha-bridge migrate up")]
        }
        return [.well("Schema", "It is that of this program.")]
    }

    private static func work(_ pool: PostgresPool) async throws -> [Finding] {
        try await [partitions(pool), deadLetters(pool), gaps(pool), jobs(pool), connections(pool)]
    }

    private static func partitions(_ pool: PostgresPool) async throws -> Finding {
        let repository = PartitionRepository(pool)
        let months = try await repository.monthsInDefaultPartition(limit: 3)
        let soon = Timestamp.now.adding(seconds: 20 * 86_400)
        let isAhead = try await repository.list().contains { partition in
            guard let from = partition.from, let to = partition.to else { return false }
            return from <= soon && soon < to
        }
        guard months.isEmpty else {
            return .mind(
                "Partitions", "Events lie in the default partition, where they are slow to find.",
                "Run: ha-bridge maintenance run partitions. Where they come back, a clock is wrong.")
        }
        guard isAhead else {
            return .mind(
                "Partitions", "The months ahead have no partition yet.", "Run: ha-bridge maintenance run partitions")
        }
        return .well("Partitions", "Those of the months ahead are there.")
    }

    private static func deadLetters(_ pool: PostgresPool) async throws -> Finding {
        let count = try await DeadLetterRepository(pool).count()
        guard count > 0 else { return .well("Writer", "There is no event that PostgreSQL refused.") }
        return .mind(
            "Writer", "\(count) events were refused by PostgreSQL and are kept with the reason.",
            "See: select received_at, reason from home_assistant_dead_letters order by received_at desc")
    }

    private static func gaps(_ pool: PostgresPool) async throws -> Finding {
        let old = Timestamp.now.adding(seconds: -3_600)
        let open = try await GapRepository(pool).list(onlyOpen: true).filter { $0.startedAt < old }
        guard let first = open.first else { return .well("Gaps", "None has been open for an hour.") }
        return .mind(
            "Gaps",
            "\(open.count) are open for more than an hour, the oldest since \(TimeText.table(first.startedAt)).",
            "See: ha-bridge gaps. A connection that is paused, away or unauthorised keeps its gap open.")
    }

    private static func jobs(_ pool: PostgresPool) async throws -> Finding {
        let failing = try await MaintenanceJobRepository(pool).list().filter { $0.failuresInARow > 0 }
        guard let first = failing.first else { return .well("Jobs", "None of the jobs failed when it ran last.") }
        return .wrong(
            "Jobs",
            "\(failing.map(\.name).joined(separator: ", ")) failed: \(first.lastError ?? "the reason is not known.")",
            "See: ha-bridge maintenance list, and try: ha-bridge maintenance run \(first.name)")
    }

    private static func connections(_ pool: PostgresPool) async throws -> Finding {
        guard try await ConnectionRepository(pool).list().isEmpty else {
            return .well("Connections", "There are some.")
        }
        return .mind(
            "Connections", "There is none.", "Add one: ha-bridge connection add NAME --url URL --token-file FILE")
    }
}
