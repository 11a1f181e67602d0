import BridgeCore
import HTTPTypes
import HummingbirdCore
import NIOCore

extension Response {
    /// A JSON answer.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) throws -> Response {
        jsonText(try value.text(indented: false), status: status)
    }

    /// A JSON answer whose text is there already.
    static func jsonText(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// Done, and there is nothing to tell.
    static let noContent = Response(status: .noContent)
}
