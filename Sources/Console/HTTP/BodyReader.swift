import BridgeCore
import FoundationEssentials
import HummingbirdCore
import NIOCore

/// Reads the JSON object that a request brings, each member once and by name; a `Problem` names what cannot be.
struct BodyReader {
    /// No request needs more, in bytes.
    static let limit = 65_536

    private let members: [String: JSONValue]

    /// Takes a body apart. `known` are the members that the endpoint reads.
    init(_ body: ByteBuffer, contentType: String?, known: Set<String>) throws(Problem) {
        // A form of another site can send text, and forms; it cannot send this type without asking first.
        guard let type = contentType?.prefix(while: { $0 != ";" }), type.lowercased() == "application/json" else {
            throw Problem(415, "unsupported_media_type", "Send JSON: Content-Type: application/json.")
        }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView)),
            case .object(let members) = value
        else { throw .invalid("The body is no JSON object.") }
        for name in members.keys.sorted() where !known.contains(name) {
            throw .invalid(
                "There is no member “\(name.prefix(40))”. There are: \(known.sorted().joined(separator: ", ")).")
        }
        self.members = members
    }

    /// A text, or `nil` where the member is missing or `null`. Throws where it is blank, has more than `limit` characters (Unicode
    /// scalars, as JSON Schema counts them), or holds a NUL.
    func text(_ name: String, limit: Int = 250) throws(Problem) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text) where text.unicodeScalars.count <= limit && !text.utf8.contains(0):
            guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
                throw .invalid("“\(name)” is blank.")
            }
            return text
        default: throw .invalid("“\(name)” takes a text of up to \(limit) characters.")
        }
    }

    /// A text that must be there.
    func requiredText(_ name: String, limit: Int = 250) throws(Problem) -> String {
        guard let text = try text(name, limit: limit) else { throw .invalid("“\(name)” is missing.") }
        return text
    }

    /// A whole number of `range`; `nil` where the member is missing or `null`.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        switch members[name] {
        case nil, .null: return nil
        case .integer(let number) where range.contains(number): return number
        default:
            throw .invalid("“\(name)” takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
    }

    /// `true` or `false`; `nil` where the member is missing or `null`.
    func flag(_ name: String) throws(Problem) -> Bool? {
        switch members[name] {
        case nil, .null: return nil
        case .bool(let flag): return flag
        default: throw .invalid("“\(name)” takes true or false.")
        }
    }

    /// A moment as ISO 8601 with a zone.
    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = try text(name, limit: 64) else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw .invalid("“\(name)” takes a moment such as 2026-11-21T08:30:00Z.")
        }
        return time
    }

    /// A word of a closed set.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String, as type: Word.Type = Word.self) throws(Problem)
        -> Word?
    where Word.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw .invalid("“\(name)” takes one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return word
    }

    /// Any JSON; `nil` where the member is missing or `null`.
    func value(_ name: String) -> JSONValue? { members[name].flatMap { $0 == .null ? nil : $0 } }

    /// A connection; `nil` where the member is missing or `null`.
    func connection(_ name: String = "connection") throws(Problem) -> ConnectionID? {
        guard let text = try text(name, limit: 64) else { return nil }
        guard let id = ConnectionID(text) else { throw .invalid("“\(name)” takes a UUID.") }
        return id
    }
}
