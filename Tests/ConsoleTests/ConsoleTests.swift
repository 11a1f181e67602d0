import BridgeCore
import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Console

@Suite("The console", .enabled(if: TestDatabase.isAvailable))
struct ConsoleTests {
    /// What the sessions of whoever asks can see and do.
    private static let sight: Console.Area = { endpoints, _ in
        endpoints.add(.get, "sight", scope: .read) { call in
            let names = try await call.reader.withConnection { session in
                try await session.query("SELECT name FROM home_assistant_connections ORDER BY name", name: "sight")
                    .map { row throws(PostgresError) in try row.string("name") }
            }
            return try .json(.array(names.map { .string($0) }))
        }
        endpoints.add(.post, "touch", scope: .read) { call in
            try await call.reader.withConnection { session in
                try await session.execute("UPDATE home_assistant_connections SET name = name || '!'", name: "touch")
            }
            return .noContent
        }
        endpoints.add(.post, "govern", scope: .govern) { call in
            let body = try await call.body("word")
            return try .json(.string(try body.requiredText("word")))
        }
    }

    private static func names(_ names: String...) -> JSONValue { .array(names.map { .string($0) }) }

    @Test("Everybody sees what belongs to them, an administrator everything, and nobody writes")
    func rows() async throws {
        try await ConsoleHouse.with(areas: [Self.sight]) { house in
            let everything = try await house.get("sight", as: house.anna)
            #expect(everything.json == Self.names("cabin", "home"))
            #expect(try await house.get("sight", as: house.bert).json == Self.names("cabin"))
            #expect(try await house.get("sight", as: house.carl).json == Self.names())
            #expect(try await house.get("sight", as: nil).status == 401)
            for person in [house.anna, house.bert] {
                #expect(try await house.post("touch", as: person).status == 500)
            }
            #expect(try await house.get("sight", as: house.anna).json == Self.names("cabin", "home"))
        }
    }

    @Test("Who only observes decides nothing, and bodies are read strictly")
    func decisions() async throws {
        try await ConsoleHouse.with(areas: [Self.sight]) { house in
            #expect(try await house.post("govern", as: house.carl, body: #"{"word":"x"}"#).status == 403)
            #expect(try await house.post("govern", as: house.bert, body: #"{"word":"x"}"#).json == .string("x"))
            for body in ["", "[]", "{", #"{"word":1}"#, #"{"word":" "}"#, #"{"word":"x","more":1}"#, "{}"] {
                let answer = try await house.post("govern", as: house.bert, body: body)
                #expect(answer.status == 400)
                #expect(answer.headers[.contentType] == "application/problem+json")
            }
            let large = #"{"word":""# + String(repeating: "x", count: 70_000) + #""}"#
            #expect(try await house.post("govern", as: house.bert, body: large).status == 413)
            let form = try await house.request(
                .post, "govern", as: house.bert, body: "word=x", headers: [.contentType: "text/plain"])
            #expect(form.status == 415)
        }
    }

    @Test("What is not there is told as a problem, with the headers of every answer")
    func missing() async throws {
        try await ConsoleHouse.with(areas: [Self.sight]) { house in
            let answer = try await house.get("nothing", as: house.anna)
            #expect(answer.status == 404)
            #expect(answer["code"] == .string("not_found"))
            #expect(answer["title"] == .string("Not Found"))
            #expect(answer.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            let wrong = try await house.post("sight", as: house.anna)
            #expect(wrong.status == 405)
            #expect(wrong.headers[.allow] == "GET, HEAD")
            #expect(try await house.request(.head, "sight", as: house.anna).body.isEmpty)
        }
    }

    @Test("The document names every endpoint, and no other")
    func document() async throws {
        try await ConsoleHouse.with { house in
            let answer = try await house.get("openapi.json", as: nil)
            #expect(answer.status == 200)
            guard case .object(let paths)? = answer["paths"] else {
                Issue.record("The document has no paths.")
                return
            }
            var named: [String] = []
            for (path, operations) in paths {
                guard case .object(let operations) = operations else { continue }
                named += operations.keys.filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
            }
            #expect(named.sorted() == house.console.documented.sorted())
        }
    }
}
