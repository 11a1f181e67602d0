import HTTPTypes
import HummingbirdCore
import Testing

@testable import Console

@Suite("Routes")
struct RouteTableTests {
    private static let table: RouteTable = {
        var table = RouteTable()
        let handler: RouteTable.Handler = { _, _ in .noContent }
        table.add(.get, "/", handler)
        table.add(.get, "/api/v1/events", handler)
        table.add(.get, "/api/v1/events/stream", handler)
        table.add(.get, "/api/v1/events/:id", handler)
        table.add(.post, "/api/v1/approvals/:id/approve", handler)
        table.add(.delete, "/api/v1/approvals/:id", handler)
        return table
    }()

    private func outcome(_ method: HTTPRequest.Method, _ path: String) -> String {
        switch Self.table.match(method, path) {
        case .handler(_, let parameters): parameters.map { "\($0)=\($1)" }.joined(separator: ",")
        case .methods(let methods): "only \(methods.map(\.rawValue).joined(separator: ","))"
        case .nothing: "nothing"
        }
    }

    @Test(
        "A path leads to its handler",
        arguments: [
            ("/", ""), ("/api/v1/events", ""), ("/api/v1/events/stream", ""), ("/api/v1/events/abc", "id=abc"),
            ("/api/v1/events/a%2Fb%20c", "id=a/b c"), ("/api/v1/events/%C3%BC", "id=ü"),
        ])
    func found(path: String, expected: String) {
        #expect(outcome(.get, path) == expected)
        #expect(outcome(.head, path) == expected)
    }

    @Test(
        "Tricks with paths lead nowhere",
        arguments: [
            "", "//", "/api/v1/events/", "/api/v1//events", "/api/v1/events/..", "/api/v1/events/%2e%2e",
            "/api/v1/events/%ff",
            "/api/v1/events/%2", "/api/v1/events/%+1", "/API/v1/events", "/api/v1/events/a/b", "api/v1/../v1/events",
        ])
    func tricks(path: String) {
        #expect(outcome(.get, path) == "nothing")
    }

    @Test("Another method is told which ones there are")
    func methods() {
        #expect(outcome(.post, "/api/v1/events") == "only GET")
        #expect(outcome(.get, "/api/v1/approvals/x/approve") == "only POST")
    }
}
