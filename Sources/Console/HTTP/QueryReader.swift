import BridgeCore
import HummingbirdCore

/// Reads the parameters after the `?`, each once and by name.
///
/// One that is not known, that stands twice, or whose value cannot be is a `Problem` that names it: a mistyped filter that
/// were passed over would show the wrong rows.
struct QueryReader {
    private let values: [String: String]

    /// Takes the parameters apart. `known` are the names that the endpoint reads.
    init(_ request: Request, known: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                let list = known.sorted().joined(separator: ", ")
                throw .invalid(
                    "There is no parameter “\(name.prefix(40))”. "
                        + (list.isEmpty ? "There is none." : "There are: \(list)."))
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw .invalid("The parameter \(name) stands there twice.")
            }
        }
        self.values = values
    }

    /// A text; `nil` where it is not given. Throws where it is empty, has more than `limit` characters (Unicode scalars, as JSON
    /// Schema counts them), or holds a NUL.
    func text(_ name: String, limit: Int = 255) throws(Problem) -> String? {
        guard let value = values[name] else { return nil }
        guard !value.isEmpty, value.unicodeScalars.count <= limit, !value.utf8.contains(0) else {
            throw .invalid("The parameter \(name) takes a text of 1 to \(limit) characters.")
        }
        return value
    }

    /// A whole number of `range`, or `fallback`.
    func integer(_ name: String, in range: ClosedRange<Int>, or fallback: Int) throws(Problem) -> Int {
        guard let value = values[name] else { return fallback }
        guard let number = Int(value), range.contains(number) else {
            throw .invalid("The parameter \(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// `true` or `false`.
    func flag(_ name: String) throws(Problem) -> Bool? {
        switch values[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw .invalid("The parameter \(name) takes true or false.")
        }
    }

    /// A moment as ISO 8601 with a zone, such as `2026-11-21T08:30:00Z`.
    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let value = values[name] else { return nil }
        // A plus that was not escaped arrives as a blank.
        guard let time = Timestamp(iso8601: value.replacing(" ", with: "+")) else {
            throw .invalid("The parameter \(name) takes a moment such as 2026-11-21T08:30:00Z.")
        }
        return time
    }

    /// An id.
    func id<ID: TypedIdentifier>(_ name: String, as type: ID.Type = ID.self) throws(Problem) -> ID? {
        guard let value = values[name] else { return nil }
        guard let id = ID(value) else { throw .invalid("The parameter \(name) takes a UUID.") }
        return id
    }

    /// A word of a closed set.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String, as type: Word.Type = Word.self) throws(Problem)
        -> Word?
    where Word.RawValue == String {
        guard let value = values[name] else { return nil }
        guard let word = Word(rawValue: value) else {
            let list = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("The parameter \(name) takes one of \(list).")
        }
        return word
    }

    /// The place to go on from, as an earlier answer gave it.
    func cursor() throws(Problem) -> PageCursor? {
        guard let value = values["cursor"] else { return nil }
        guard let cursor = PageCursor(value) else {
            throw .unfit("The parameter cursor takes what next_cursor of an earlier answer said.")
        }
        return cursor
    }

    /// How many rows a page has at most.
    func limit() throws(Problem) -> Int { try integer("limit", in: 1...200, or: 50) }

    /// The id of the row behind which to go on, for lists whose cursor is one id.
    func lastID<ID: TypedIdentifier>(as type: ID.Type = ID.self) throws(Problem) -> ID? {
        guard let cursor = try cursor() else { return nil }
        guard let text = try cursor.parts(1).first, let id = ID(text) else { throw PageCursor.foreign }
        return id
    }

    /// The number of the row behind which to go on, for lists whose cursor is one number.
    func lastNumber() throws(Problem) -> Int? {
        guard let cursor = try cursor() else { return nil }
        guard let text = try cursor.parts(1).first, let number = Int(text) else { throw PageCursor.foreign }
        return number
    }
}
