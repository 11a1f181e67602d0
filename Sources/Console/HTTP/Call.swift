import BridgeCore
import HTTPTypes
import HummingbirdCore
import NIOCore
import PostgresClient

/// One request of somebody who may make it, as an endpoint gets it.
struct Call {
    let request: Request
    let context: ConsoleContext
    let principal: Principal
    /// Sessions that see what the principal may see and can write nothing; row security, or for an administrator the
    /// transaction's being read-only, sees to it.
    let reader: PostgresPool

    /// The query's parameters, which are none but `known`.
    func query(_ known: String...) throws(Problem) -> QueryReader { try QueryReader(request, known: Set(known)) }

    /// The JSON object that the request brought, whose members are none but `known`.
    func body(_ known: String...) async throws -> BodyReader {
        try BodyReader(
            try await CollectedBody.bytes(of: request), contentType: request.headers[.contentType], known: Set(known))
    }

    /// The id in the path under `:name`. Throws a 404 `Problem` for what cannot be one: there is nothing of that name.
    func id<ID: TypedIdentifier>(_ name: String = "id", as type: ID.Type = ID.self) throws(Problem) -> ID {
        guard let id = ID(try text(name)) else {
            throw Problem(404, "not_found", "There is nothing here: what stands for \(name) in the path is no UUID.")
        }
        return id
    }

    /// The text in the path under `:name`.
    func text(_ name: String, limit: Int = 255) throws(Problem) -> String {
        guard let text = context.parameters[name], text.unicodeScalars.count <= limit, !text.utf8.contains(0)
        else { throw .notFound(name) }
        return text
    }
}

/// What a request brings besides its head.
enum CollectedBody {
    /// The whole of it. Throws a `Problem` where it is larger than any endpoint takes.
    static func bytes(of request: Request) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > BodyReader.limit {
            throw tooLarge
        }
        do {
            return try await request.body.collect(upTo: BodyReader.limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private static let tooLarge = Problem(
        413, "too_large", "The request is larger than \(BodyReader.limit) bytes.")
}
