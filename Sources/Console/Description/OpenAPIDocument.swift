import BridgeCore
import FoundationEssentials

/// The description of the API (OpenAPI 3.1), put together from the part of each area.
enum OpenAPIDocument {
    /// The parts, each a JSON object with `paths` and `components`; the first has the head as well.
    private static let parts: [[UInt8]] = [
        PackageResources.base_json, PackageResources.session_json, PackageResources.house_json,
        PackageResources.govern_json,
    ]

    /// The whole document. Throws where a part is no JSON, which a test would have shown.
    static func document(version: String) throws -> JSONValue {
        var whole = JSONValue.object([:])
        for part in parts {
            whole = merged(whole, try JSONDecoder().decode(JSONValue.self, from: Data(part)))
        }
        return merged(whole, .object(["info": .object(["version": .string(version)])]))
    }

    /// Both objects in one, member by member; where both have another value, the second one's.
    private static func merged(_ first: JSONValue, _ second: JSONValue) -> JSONValue {
        guard case .object(let first) = first, case .object(let second) = second else { return second }
        return .object(first.merging(second) { merged($0, $1) })
    }
}
