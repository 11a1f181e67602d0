import BridgeCore
import FoundationEssentials

/// A parameter of a statement.
///
/// It is sent as text of unknown type, as a quoted literal would be, so that the server gives it the type that the statement
/// needs: `WHERE id = $1`, `$2::inet`.
package enum PostgresValue: Sendable, Hashable {
    case null
    case text(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    case uuid(UUID)
    case timestamp(Timestamp)
    /// A JSON document; the same as `text` on the wire, named for the reader.
    case json(String)
    /// An array literal, for `= ANY($1)` and `unnest($1::text[])`.
    case textArray([String])
    /// `bytea`.
    case bytes([UInt8])

    /// A typed id, such as `ConnectionID`.
    package static func id(_ identifier: some TypedIdentifier) -> PostgresValue { .uuid(identifier.uuid) }

    /// The value, or NULL for `nil`: `.optional(name, PostgresValue.text)`.
    package static func optional<Value>(_ value: Value?, _ wrap: (Value) -> PostgresValue) -> PostgresValue {
        value.map(wrap) ?? .null
    }

    /// The text that the server parses, or `nil` for NULL.
    var encoded: String? {
        switch self {
        case .null: nil
        case .text(let text), .json(let text): text
        case .int(let value): String(value)
        case .double(let value): "\(value)"
        case .bool(let value): value ? "t" : "f"
        case .uuid(let value): value.uuidString
        case .timestamp(let value): value.iso8601
        case .textArray(let values): Self.arrayLiteral(values)
        case .bytes(let bytes): Hexadecimal.text(bytes, prefix: "\\x")
        }
    }

    /// Byte by byte: what must be escaped is ASCII, and arrays have thousands of ids.
    private static func arrayLiteral(_ values: [String]) -> String {
        var bytes = [UInt8(ascii: "{")]
        bytes.reserveCapacity(values.reduce(2) { $0 + $1.utf8.count + 3 })
        for value in values {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            for byte in value.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension PostgresValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByStringInterpolation
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
}
