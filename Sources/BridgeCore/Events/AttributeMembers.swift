/// Where the members of the attributes of an event's two states lie, as the decoder saw them, so that whoever reads those attributes
/// need not scan them again. It serves for one event after another, and belongs to one task.
package final class AttributeMembers {
    /// One member, as places in the bytes that were read.
    package struct Member {
        /// The inside of the key's quotes.
        package let key: Range<Int>
        /// The value, with its quotes where it is a string.
        package let value: Range<Int>
        /// Whether the value is a string with escapes.
        package let hasEscapes: Bool
    }

    /// The members of one object.
    package struct List {
        /// Members that are noted: more than Home Assistant's entities have, so that a list stays small whatever comes.
        private static let limit = 128

        package private(set) var members: [Member] = []
        /// Whether these are all; otherwise the object has to be read.
        package private(set) var isWhole = false

        package mutating func removeAll() {
            members.removeAll(keepingCapacity: true)
            isWhole = true
        }

        mutating func append(_ key: JSONString, _ value: Range<Int>, hasEscapes: Bool) {
            guard members.count < Self.limit else {
                isWhole = false
                return
            }
            members.append(Member(key: key.start..<key.end, value: value, hasEscapes: hasEscapes))
        }
    }

    /// Of the state before.
    package internal(set) var old = List()
    /// Of the state.
    package internal(set) var new = List()

    package init() {}
}

extension JSONScanner {
    /// Validates the next value like `skipValue`, and notes its members where it is an object.
    mutating func skipValue(noting list: inout AttributeMembers.List) throws(JSONScanError) -> Range<Int> {
        list.removeAll()
        guard peek() == 0x7B else { return try skipValue() }
        let start = position
        if try enterObject() {
            repeat {
                let key = try key()
                let (value, hasEscapes) = try skipValueOrString()
                list.append(key, value, hasEscapes: hasEscapes)
            } while try nextMember()
        }
        return start..<position
    }
}
