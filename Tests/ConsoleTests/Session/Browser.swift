import BridgeCore
import Cryptography
import HTTPTypes
import HummingbirdCore
import NIOCore
import Store

@testable import Console

/// A browser, or an attacker, before a console with the real sign-in. Keeps its cookie like one.
struct Browser {
    let console: Console
    let services: ConsoleServices
    var cookie: String?
    var csrf: String?
    var address = "192.0.2.1"

    static let password = "correct horse battery"

    /// A console of the house with the real authenticator.
    init(_ house: ConsoleHouse) {
        services = ConsoleServices(
            system: house.services.system, readers: house.services.readers,
            authenticator: AccountAuthenticator(house.services.system), auditKeys: nil,
            health: house.services.health, metrics: house.services.metrics, search: { _ in nil },
            logger: house.database.logger)
        console = Console(services, logger: house.database.logger)
    }

    /// What a page of the console itself sends with a change.
    static let ownPage: HTTPFields = [.origin: "http://127.0.0.1:8099"]

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:],
        type: String = "application/json"
    ) async throws -> ConsoleHouse.Answer {
        var fields = headers
        if let cookie, fields[.cookie] == nil { fields[.cookie] = "theme=dark; ha_bridge_session=\(cookie)" }
        if body != nil { fields[.contentType] = type }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "127.0.0.1:8099", path: "/api/v1/" + path,
                headerFields: fields),
            body: .init(buffer: ByteBuffer(string: body ?? "")))
        return try await ConsoleHouse.read(
            await console.respond(to: request, context: ConsoleContext(remoteAddress: address)))
    }

    /// Sends a change as the console's own page does.
    func change(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws
        -> ConsoleHouse.Answer
    {
        var fields = Self.ownPage
        fields[SiteCheck.tokenHeader] = csrf
        return try await send(method, path, body, headers: fields)
    }

    /// Signs in and keeps the cookie, where that works.
    mutating func signIn(_ username: String, _ password: String = Self.password) async throws -> ConsoleHouse.Answer {
        let answer = try await send(
            .post, "session", #"{"username":"\#(username)","password":"\#(password)"}"#, headers: Self.ownPage)
        keep(answer)
        return answer
    }

    mutating func keep(_ answer: ConsoleHouse.Answer) {
        guard let header = answer.headers[.setCookie], let value = header.split(separator: ";").first else { return }
        cookie = String(value.dropFirst("ha_bridge_session=".count))
        if case .string(let token)? = answer["csrf_token"] { csrf = token }
    }

    /// Gives somebody the password of these tests.
    static func setPassword(_ house: ConsoleHouse, _ person: Principal) async throws {
        try await AccountRepository(house.services.system).setPassword(
            try PasswordHash.make(password), of: person.user, keeping: nil)
    }

    /// A house where Anna, Bert and Carl have passwords.
    static func with(_ body: (ConsoleHouse, Browser) async throws -> Void) async throws {
        try await ConsoleHouse.with { house in
            for person in [house.anna, house.bert, house.carl] { try await setPassword(house, person) }
            try await body(house, Browser(house))
        }
    }
}
