import BridgeCore
import HummingbirdCore

/// `GET /openapi.json`.
enum DocumentEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.addOpen(.get, "openapi.json") { _, _ in
            try .json(OpenAPIDocument.document(version: BridgeVersion.string))
        }
    }
}
