/// A request to Home Assistant's REST API.
package struct RESTRequest: Sendable, Equatable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    /// Below the connection's URL, percent-encoded, without a slash in front: `api/config`.
    package var path: String
    /// JSON; `nil` for none.
    package var body: [UInt8]?

    /// A request.
    package init(_ method: Method, _ path: String, body: [UInt8]? = nil) {
        self.method = method
        self.path = path
        self.body = body
    }
}

/// What Home Assistant answered, whatever its status.
package struct RESTResponse: Sendable, Equatable {
    /// The HTTP status, such as 200.
    package var status: Int
    package var body: [UInt8]

    /// An answer.
    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}

/// Why a request has no answer.
package enum RESTFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Home Assistant has seen nothing of it: it may be sent again.
    case notSent(String)
    /// It was sent, or part of it: whether it was carried out must be looked at.
    case noAnswer(String)

    package var description: String {
        switch self {
        case .notSent(let reason), .noAnswer(let reason): reason
        }
    }
}

/// Sends requests to the Home Assistant of one connection, with its token and under the conditions of its socket: the addresses that
/// may be connected to, its certificate authority and pinned key. Redirects are never followed.
package struct RESTPort: Sendable {
    private let perform: @Sendable (RESTRequest, Duration) async throws(RESTFailure) -> RESTResponse

    /// A port that `perform` serves: it gets the request and the time for the whole of it.
    package init(
        _ perform: @escaping @Sendable (RESTRequest, Duration) async throws(RESTFailure) -> RESTResponse
    ) {
        self.perform = perform
    }

    /// Sends a request and waits for its answer.
    package func send(
        _ request: RESTRequest, within limit: Duration = .seconds(30)
    ) async throws(RESTFailure) -> RESTResponse {
        try await perform(request, limit)
    }
}
