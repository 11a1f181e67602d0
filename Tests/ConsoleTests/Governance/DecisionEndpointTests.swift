import BridgeCore
import TestSupport
import Testing

@testable import Console

@Suite("Decisions in the console", .enabled(if: TestDatabase.isAvailable))
struct DecisionEndpointTests {
    private static let annas = GovernedHouse.decision(1)
    private static let berts = GovernedHouse.decision(2)

    @Test("Everybody sees their own")
    func list() async throws {
        try await GovernedHouse.with { governed in
            #expect(try await governed.get("decisions", as: governed.anna).count == 2)
            let own = try await governed.get("decisions", as: governed.bert)
            #expect(own.count == 1)
            #expect(own["items.0.id"] == .string(Self.berts))
            #expect(own["items.0.confidence"] == .integer(91))
            #expect(try await governed.get("decisions", as: governed.carl).count == 0)
            #expect(try await governed.get("decisions?type=CREATION", as: governed.anna).count == 0)
            #expect(try await governed.get("decisions?type=odd", as: governed.anna).status == 400)
            #expect(try await governed.get("decisions/\(Self.berts)", as: governed.bert).status == 200)
            #expect(try await governed.get("decisions/\(Self.annas)", as: governed.bert).status == 404)
            let (ids, pages) = try await governed.pages(of: "decisions", limit: 1, as: governed.anna)
            #expect(Set(ids) == [Self.annas, Self.berts])
            #expect(pages == 2)
        }
    }

    @Test("An answer is kept with who gave it and from where, and the newest counts")
    func feedback() async throws {
        try await GovernedHouse.with(isSigned: true) { governed in
            let path = "decisions/\(Self.berts)/feedback"
            let body = #"{"feedback":"REJECTED","comment":"I like it."}"#
            #expect(try await governed.post(path, as: governed.carl, body: body).status == 403)
            #expect(
                try await governed.post("decisions/\(Self.annas)/feedback", as: governed.bert, body: body).status == 404
            )
            for wrong in ["{}", #"{"feedback":"PENDING"}"#, #"{"feedback":"approved"}"#] {
                #expect(try await governed.post(path, as: governed.bert, body: wrong).status == 400)
            }
            let answer = try await governed.post(path, as: governed.anna, body: body)
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer["feedback"] == .string("REJECTED"))
            #expect(answer["feedback_comment"] == .string("I like it."))
            // Bert may not read Anna's row of users, and sees her name where she acted.
            let seen = try await governed.get("decisions/\(Self.berts)", as: governed.bert)
            #expect(seen["feedback_by"] == .string("anna"))
            #expect(try await governed.get("decisions?answered=false", as: governed.bert).count == 0)
            #expect(try await governed.get("decisions?answered=true", as: governed.bert).count == 1)
            let rows = try await governed.column(
                """
                SELECT concat_ws(' ', input_data ->> 'way', input_data ->> 'address', input_data ->> 'session') AS value
                FROM ai_decision_audit WHERE feedback_on = '\(Self.berts)'
                """)
            #expect(rows == ["in the console 127.0.0.1 session:anna"])
        }
    }
}
