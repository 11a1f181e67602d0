import BridgeCore
import HTTPTypes
import HummingbirdCore
import NIOCore

/// An answer that is no success, as `application/problem+json` (RFC 9457).
///
/// `code` is a word of a closed set that a script may compare; `detail` is a sentence for a person and free of secrets.
package struct Problem: Error, Sendable, Equatable {
    package var status: Int
    package var code: String
    package var detail: String
    /// When to ask again, in seconds.
    package var retryAfter: Int?

    /// Makes a problem.
    package init(_ status: Int, _ code: String, _ detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// A parameter or a body that cannot be.
    static func invalid(_ detail: String) -> Problem { Problem(400, "invalid_request", detail) }

    /// A request that is as it was described, and still means nothing: an end before its beginning, a page of another list.
    static func unfit(_ detail: String) -> Problem { Problem(422, "invalid_value", detail) }

    /// There is no such thing, or the user may not know of it: the two are told in the same words.
    static func notFound(_ what: String) -> Problem { Problem(404, "not_found", "There is no such \(what).") }

    static let signInNeeded = Problem(401, "sign_in_needed", "Sign in, or send a token: Authorization: Bearer ….")

    /// The words that HTTP has for the status.
    private var title: String {
        let named: [HTTPResponse.Status] = [
            .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .conflict, .contentTooLarge,
            .unsupportedMediaType, .unprocessableContent, .tooManyRequests, .internalServerError, .serviceUnavailable,
        ]
        return named.first { $0.code == status }?.reasonPhrase ?? "Error"
    }

    var response: Response {
        let document = JSONValue.object([
            "type": .string("about:blank"), "title": .string(title),
            "status": .integer(Int64(status)), "code": .string(code), "detail": .string(detail),
        ])
        var response = Response.jsonText((try? document.text(indented: false)) ?? "{}", status: .init(code: status))
        response.headers[.contentType] = "application/problem+json"
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}
