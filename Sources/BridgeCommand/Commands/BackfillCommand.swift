import ArgumentParser
import BridgeCore
import Embedding
import HomeAssistantClient
import Ingest
import Store

/// `backfill`: reads what Home Assistant remembers of a time that the bridge could not see.
struct BackfillCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Fill gaps from Home Assistant's own history, now.",
        discussion: """
            Without --from: the open gaps of the connection. With it: that stretch of time, which then is a gap of its own in \
            'ha-bridge gaps'. States that are stored already stay as they are. A running bridge does this by itself after each \
            interruption. Exits with 69 when Home Assistant cannot be reached, 75 when it is not ready, 77 when it refuses the \
            token.
            """)

    @OptionGroup var target: ConnectionTarget

    @Option(help: ArgumentHelp("Read the history from then on.", valueName: "moment"))
    var from: MomentArgument?

    @Option(help: ArgumentHelp("Read it up to then; without it, up to now.", valueName: "moment"))
    var to: MomentArgument?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard from != nil || to == nil else { throw ValidationError("--to needs --from.") }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        let range = try range(now: TimeText.now())
        let closed = try await context.withPool(settings) { pool in
            let connection = try await target.find(in: pool)
            let repository = GapRepository(pool)
            var gaps = try await repository.repairable(connection.id, limit: 1_000)
            if range == nil, gaps.isEmpty {
                let isLasting = try await !repository.list(connection: connection.id, onlyOpen: true, limit: 1).isEmpty
                console.note(
                    isLasting
                        ? "The open gap of “\(connection.name)” has not ended: no events come from it now."
                        : "There is no open gap of “\(connection.name)”.")
                return [EventGap]()
            }
            let url = try HomeAssistantURL(connection.url)
            let desk = ConnectionDesk(pool, settings, context)
            let token = try desk.token(of: connection, url: url)
            console.progress("Connecting to \(url) …")
            defer { console.endProgress() }
            return try await CommandSession.with(try desk.place(url, connection.trust), token: token) { ports in
                try await desk.audit.record(
                    .connect, connection: connection.id, user: connection.userID,
                    details: ["purpose": .string("backfill"), "tls": .bool(url.isSecure)])
                // Made only now: nobody is left with a gap for a Home Assistant that could not be reached.
                if let range { gaps = [try await repository.request(connection.id, range: range)] }
                var house: HouseContext?
                if settings.embedder != .off {
                    house = HouseContext(
                        try await RegistryRepository(pool).registries(of: connection.id),
                        timeZone: connection.timeZone)
                }
                let closed = try await repair(gaps, of: connection, in: house, over: ports.commands, repository) {
                    progress in
                    console.progress(Self.line(progress))
                }
                let asked = Set(gaps.map(\.id))
                if closed.count == asked.count { return closed }
                // A running bridge may have been quicker with some; how they stand is told all the same.
                return try await repository.list(connection: connection.id, limit: 1_000)
                    .filter { asked.contains($0.id) }
            }
        }
        if closed.isEmpty, !output.json { return }
        try console.show(
            closed.map(\.jsonValue), table: GapsCommand.table(closed), empty: "Nothing was left to do.", as: output)
    }

    private func repair(
        _ gaps: [EventGap], of connection: StoredConnection, in house: HouseContext?, over port: CommandPort,
        _ repository: GapRepository, onProgress: @escaping @Sendable (BackfillProgress) -> Void
    ) async throws -> [EventGap] {
        try await Backfiller(
            connection: connection.id, port: port, gaps: repository, house: house, logger: CommandSession.silence,
            onProgress: onProgress
        ).repair(gaps)
    }

    /// What to read; `nil` for the open gaps.
    private func range(now: Timestamp) throws -> Range<Timestamp>? {
        guard let from else { return nil }
        let start = from.resolved(now: now)
        let end = min(to?.resolved(now: now) ?? now, now)
        guard start < end else {
            throw CommandFailure(.usage, "--from must be before --to, and in the past.")
        }
        return start..<end
    }

    /// The line of progress.
    static func line(_ progress: BackfillProgress) -> String {
        let added = "\(progress.added) new"
        switch progress.activity {
        case .reading:
            return "Reading the history (pass \(progress.pass)): \(Int(progress.fraction * 100)) %, "
                + "\(progress.found) states, \(added)"
        case .waiting: return "Waiting for Home Assistant to write down the last seconds (\(added) so far) …"
        }
    }
}
