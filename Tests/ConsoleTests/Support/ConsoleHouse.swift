import BridgeConcurrency
import BridgeCore
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import PostgresClient
import Store
import TestSupport

@testable import Console

/// A database with three people and two houses, and a console over it: Anna administers, Bert owns the second house, Carl observes.
///
/// Requests go through the whole console, as whoever a test says.
struct ConsoleHouse {
    let database: TestDatabase
    /// A session of the superuser, to fill tables with.
    let session: PostgresConnection
    let console: Console
    let services: ConsoleServices
    let anna: Principal
    let bert: Principal
    let carl: Principal
    /// Anna's house.
    let home: ConnectionID
    /// Bert's house.
    let cabin: ConnectionID

    /// Takes the principal that the test names as the one who asks.
    struct NamedAuthenticator: Authenticator {
        static let header = HTTPField.Name("X-Test-User") ?? .from
        let principals: [String: Principal]

        func principal(of request: Request, from address: String) async throws -> Principal? {
            request.headers[Self.header].flatMap { principals[$0] }
        }
    }

    /// An answer with its body read.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let body: String
        var json: JSONValue { .parsed(body) }

        /// The value at `path`, where numbers are positions: `items.0.id`.
        subscript(path: String) -> JSONValue? {
            path.split(separator: ".").reduce(Optional(json)) { value, part in
                switch value {
                case .object(let members): members[String(part)]
                case .array(let items): Int(part).flatMap { items.indices.contains($0) ? items[$0] : nil }
                default: nil
                }
            }
        }

        /// How many items a page has.
        var count: Int { if case .array(let items)? = self["items"] { items.count } else { -1 } }
    }

    /// Makes all of it, lends it to `body`, and takes it down. `areas` are the endpoints to serve, every one as a rule.
    static func with(
        areas: [Console.Area] = Console.areas, auditKeys: AuditKeys? = nil, _ body: (ConsoleHouse) async throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { database in
            let session = try await database.connect()
            let system = PostgresPool(database.configuration.taking(.writer), size: 3, logger: database.logger)
            let readers = ReaderPools(database.configuration, logger: database.logger)
            let users = UserRepository(system)
            func person(_ name: String, _ role: UserRole) async throws -> Principal {
                let row = try await users.add(username: name, email: "\(name)@example.org", role: role)
                return Principal(user: row.id, username: name, role: role, credential: .session(id: name))
            }
            let anna = try await person("anna", .admin)
            let bert = try await person("bert", .user)
            let carl = try await person("carl", .observer)
            let connections = ConnectionRepository(system)
            let home = try await connections.add(
                id: ConnectionID(), userID: anna.user, name: "home", url: "http://127.0.0.1:8123",
                sealedToken: "v1.k1.n.c.t"
            )
            let cabin = try await connections.add(
                id: ConnectionID(), userID: bert.user, name: "cabin", url: "http://127.0.0.1:8124",
                sealedToken: "v1.k1.n.c.t")
            let services = ConsoleServices(
                system: system, readers: readers,
                authenticator: NamedAuthenticator(principals: ["anna": anna, "bert": bert, "carl": carl]),
                auditKeys: auditKeys, health: HealthRegistry(version: "test"), metrics: MetricsRegistry(),
                search: { _ in nil }, logger: database.logger)
            let house = ConsoleHouse(
                database: database, session: session,
                console: Console(services, areas: areas, logger: database.logger), services: services, anna: anna,
                bert: bert, carl: carl, home: home.id, cabin: cabin.id)
            do {
                try await body(house)
                await house.close()
            } catch {
                await house.close()
                throw error
            }
        }
    }

    private func close() async {
        await services.readers.close()
        await services.system.close()
        await session.close()
    }

    /// Sends a request as `person`, or as nobody. `path` has no `/api/v1` in front.
    func request(
        _ method: HTTPRequest.Method, _ path: String, as person: Principal?, body: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = headers
        if let person { fields[NamedAuthenticator.header] = person.username }
        if body != nil, fields[.contentType] == nil { fields[.contentType] = "application/json" }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "127.0.0.1:8099", path: "/api/v1/" + path,
                headerFields: fields),
            body: .init(buffer: ByteBuffer(string: body ?? "")))
        return try await Self.read(
            await console.respond(to: request, context: ConsoleContext(remoteAddress: "127.0.0.1")))
    }

    /// Reads something.
    func get(_ path: String, as person: Principal?) async throws -> Answer { try await request(.get, path, as: person) }

    /// Changes something.
    func post(_ path: String, as person: Principal?, body: String = "{}") async throws -> Answer {
        try await request(.post, path, as: person, body: body)
    }

    static func read(_ response: Response) async throws -> Answer {
        let collector = BodyCollector()
        try await response.body.write(collector)
        return Answer(
            status: response.status.code, headers: response.headers, body: collector.text.withLock { $0 })
    }

    private struct BodyCollector: ResponseBodyWriter {
        let text = LockedBox("")

        func write(_ buffer: ByteBuffer) async throws { text.withLock { $0 += String(buffer: buffer) } }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
