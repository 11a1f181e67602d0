import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import Ingest
import Observability
import PostgresClient
import Store
import WebSocketTransport

/// What each Home Assistant has for the bridge: whether the token opens it and how far, its version, clock, certificate and recorder,
/// and whether its traces last long enough to be read.
struct HouseExamination {
    private static let limit = Duration.seconds(10)
    /// So many entities stand for all when the recorder is asked how far back it remembers.
    private static let sample = 100
    private let settings: BridgeSettings
    private let context: CommandContext

    init(_ settings: BridgeSettings, _ context: CommandContext) {
        self.settings = settings
        self.context = context
    }

    func findings() async -> [Finding] {
        do {
            return try await context.withPool(settings) { pool in
                var findings: [Finding] = []
                for connection in try await ConnectionRepository(pool).list() {
                    let name = "House “\(connection.name)”"
                    guard connection.pausedAt == nil else {
                        findings.append(
                            .mind(name, "It is paused.", "Go on with: ha-bridge connection resume \(connection.name)"))
                        continue
                    }
                    do {
                        findings += try await examine(connection, name, pool)
                    } catch let failure as CommandFailure {
                        findings.append(
                            .wrong(name, failure.message, "See: ha-bridge connection show \(connection.name)"))
                    } catch {
                        findings.append(.wrong(name, "\(error)", "See: ha-bridge connection show \(connection.name)"))
                    }
                    if let lost = try await traces(of: connection, name, ExecutionRepository(pool)) {
                        findings.append(lost)
                    }
                }
                return findings
            }
        } catch {
            return [.wrong("Houses", "\(error)", "See PostgreSQL above.")]
        }
    }

    private func examine(
        _ connection: StoredConnection, _ name: String, _ pool: PostgresPool
    ) async throws -> [Finding] {
        let desk = ConnectionDesk(pool, settings, context)
        let url = try HomeAssistantURL(connection.url)
        let token = try desk.token(of: connection, url: url)
        let place = try desk.place(url, connection.trust)
        let gaps = GapRepository(pool)
        var findings = try await CommandSession.with(place, token: token) { ports in
            var findings = [try await greeting(name, ports)]
            if let clock = await clock(name, ports.requests) { findings.append(clock) }
            findings.append(try await recorder(name, connection.id, ports.commands, gaps))
            return findings
        }
        if let certificate = await certificate(name, url) { findings.append(certificate) }
        return findings
    }

    /// Version and rights.
    private func greeting(_ name: String, _ ports: SessionPorts) async throws -> Finding {
        let configuration = try await object(#""type":"get_config""#, ports.commands)
        let user = try await object(#""type":"auth/current_user""#, ports.commands)
        guard case .string(let version)? = configuration["version"] else {
            return .wrong(name, "It does not tell its version.", "See whether the URL leads to Home Assistant.")
        }
        let isOld = version.compare("2024.4", options: .numeric) == .orderedAscending
        guard !isOld else {
            return .mind(
                name, "Home Assistant \(version) is older than any that ha-bridge is tried with.",
                "Update it to 2024.4 or newer.")
        }
        guard user["is_admin"] == .bool(true) else {
            return .mind(
                name,
                "Home Assistant \(version) takes the token, which is not an administrator's: automations and custom events cannot be had.",
                "Make a token as an administrator, then: ha-bridge connection set-token")
        }
        return .well(name, "Home Assistant \(version) takes the token, an administrator's.")
    }

    /// Only administrators may ask for a template; without an answer there is nothing to say.
    private func clock(_ name: String, _ requests: RESTPort) async -> Finding? {
        let before = Timestamp.now
        let question = Array(#"{"template":"{{ utcnow().isoformat() }}"}"#.utf8)
        guard
            let answer = try? await requests.send(
                RESTRequest(.post, "api/template", body: question), within: Self.limit),
            answer.status == 200, let time = Timestamp(iso8601: String(decoding: answer.body, as: UTF8.self))
        else { return nil }
        return DatabaseExamination.clock(of: name, whose: "Its clock", at: time, between: before, and: .now)
    }

    /// Whether what it remembers can close a gap.
    private func recorder(
        _ name: String, _ connection: ConnectionID, _ commands: CommandPort, _ gaps: GapRepository
    ) async throws -> Finding {
        let info: [String: JSONValue]
        do {
            info = try await object(HistoryCommand.recorder, commands)
        } catch HomeAssistantClient.CommandFailure.refused {
            return .mind(
                name, "It has no recorder, so that what was missed cannot be read again.",
                "Add recorder: and history: to its configuration.")
        }
        guard info["recording"] != .bool(false), info["thread_running"] != .bool(false) else {
            return .mind(
                name, "Its recorder does not record, so that what is missed now cannot be read again.",
                "See its log and Settings, System, Repairs.")
        }
        if info["migration_in_progress"] == .bool(true) {
            return .mind(name, "Its recorder brings its database up to date.", "Wait until that is done.")
        }
        for days in [Int64(1), 3, 7] {
            let moment = Timestamp.now.adding(seconds: -days * 86_400)
            guard try await gaps.hasLiveStates(connection, before: moment) else { break }
            guard try await !remembers(moment, try await gaps.knownEntities(connection), commands) else { continue }
            let span = days == 1 ? "a day" : "\(days) days"
            return .mind(
                name, "Its recorder remembers less than \(span): a longer gap cannot be closed.",
                "Raise purge_keep_days of recorder: in its configuration, and leave no entity out that matters.")
        }
        return .well(name, "Its recorder records.")
    }

    private func remembers(_ moment: Timestamp, _ entities: [String], _ commands: CommandPort) async throws -> Bool {
        let some = entities.lazy.filter(HistoryCommand.accepts).prefix(Self.sample)
        let found = try await object(HistoryCommand.states(of: some, at: moment), commands)
        return !found.isEmpty
    }

    /// What the server shows, whoever signed it: whether it is trusted shows in whether the session came about.
    private func certificate(_ name: String, _ url: HomeAssistantURL) async -> Finding? {
        guard url.isSecure else { return nil }
        guard let policy = try? settings.addressPolicy(),
            let address = try? await HostResolver(policy: policy).resolve(
                host: url.host, port: url.port, isSecure: true
            ).first,
            let end = await ServerCertificate.expiry(at: "\(address.ip)", port: Int(url.port), name: url.host)
        else { return nil }
        return MachineExamination.expiry(of: name, "Its certificate", end, now: TimeText.now())
    }

    /// Runs whose trace was gone before it could be read: Home Assistant keeps five of each automation unless it is told otherwise.
    private func traces(
        of connection: StoredConnection, _ name: String, _ executions: ExecutionRepository
    ) async throws -> Finding? {
        let lost = try await executions.lostTraces(
            of: connection.id, since: TimeText.now().adding(seconds: -7 * 86_400))
        guard let worst = lost.first else { return nil }
        let others = lost.count == 1 ? "" : " and \(lost.count - 1) others"
        return .mind(
            name,
            "In seven days the traces of \(worst.count) runs of “\(worst.name)”\(others) were lost before they could be read.",
            "Keep more of them: trace: {stored_traces: 20} in the automation.")
    }

    private func object(_ command: String, _ port: CommandPort) async throws -> [String: JSONValue] {
        let answer = try await port.ask(command, within: Self.limit)
        guard
            case .object(let members) = try JSONDecoder().decode(
                JSONValue.self, from: Data(answer.frame[answer.result]))
        else { return [:] }
        return members
    }
}
