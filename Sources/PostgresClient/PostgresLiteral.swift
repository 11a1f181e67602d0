import BridgeCore
import FoundationEssentials

/// Values as SQL text, for statements that are sent without parameters: several in one message take none.
///
/// Each text stands for exactly its value wherever an expression may stand, whatever the settings of the session.
package enum PostgresLiteral {
    /// `NULL`.
    package static let null = "NULL"

    /// `true`, `false`.
    package static func bool(_ value: Bool) -> String { value ? "true" : "false" }

    /// A `bigint`.
    package static func int(_ value: Int64?) -> String { value.map { "'\($0)'::bigint" } ?? "NULL::bigint" }

    /// A `uuid`.
    package static func uuid(_ value: UUID?) -> String { value.map { "'\($0.uuidString)'::uuid" } ?? "NULL::uuid" }

    /// A typed id, such as `ConnectionID`.
    package static func id(_ value: some TypedIdentifier) -> String { uuid(value.uuid) }

    /// A `timestamptz`, to the microsecond.
    package static func timestamp(_ value: Timestamp?) -> String {
        value.map { "'\($0.iso8601)'::timestamptz" } ?? "NULL::timestamptz"
    }

    /// A `text`. Throws 22021 for one with a NUL character, as the server would.
    package static func text(_ value: String?) throws(PostgresError) -> String {
        guard let value else { return "NULL::text" }
        guard !value.utf8.contains(0) else {
            throw PostgresError(
                .server, "A text holds a NUL character, which PostgreSQL cannot store", sqlState: "22021")
        }
        // With the E, a backslash means the same whatever standard_conforming_strings says.
        return "E'" + value.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'::text"
    }

    /// A `uuid[]`; empty ones, too.
    package static func uuidArray(_ values: some Sequence<UUID?>) -> String {
        array(values.lazy.map { $0?.uuidString }, of: "uuid")
    }

    /// A `uuid[]` of typed ids.
    package static func idArray(_ values: some Sequence<some TypedIdentifier>) -> String {
        array(values.lazy.map { $0.uuid.uuidString }, of: "uuid")
    }

    /// A `bigint[]`; empty ones, too.
    package static func intArray(_ values: some Sequence<Int64?>) -> String {
        array(values.lazy.map { $0.map { String($0) } }, of: "bigint")
    }

    private static func array(_ values: some Sequence<String?>, of type: String) -> String {
        "'{" + values.map { $0 ?? "NULL" }.joined(separator: ",") + "}'::\(type)[]"
    }
}
