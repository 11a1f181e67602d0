import BridgeCore

/// The members of a JSON object, each value as the bytes that stood there: what is passed on keeps its numbers as written.
struct JSONLine: Sendable {
    /// In their order; of a key that occurs twice, the last one counts.
    private(set) var members: [(key: String, value: [UInt8])] = []

    /// An object without members.
    init() {}

    /// Reads one object. Throws `JSONScanError`.
    init(_ bytes: [UInt8]) throws {
        members = try bytes.withUnsafeBufferPointer { buffer in
            var members: [(key: String, value: [UInt8])] = []
            var scanner = JSONScanner(buffer, range: 0..<buffer.count)
            guard try scanner.enterObject() else { return members }
            repeat {
                let key = JSONText.string(try scanner.key(), of: buffer)
                members.append((key, Array(buffer[try scanner.skipValue()])))
            } while try scanner.nextMember()
            return members
        }
    }

    /// The bytes of a value; `nil` where it is missing or `null`.
    subscript(key: String) -> [UInt8]? {
        guard let value = members.last(where: { $0.key == key })?.value, value != Self.null else { return nil }
        return value
    }

    /// A text; `nil` where it is missing, `null` or something else.
    func string(_ key: String) -> String? {
        guard let value = self[key], value.first == 0x22 else { return nil }
        return value.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, range: 0..<buffer.count)
            return (try? scanner.string()).map { JSONText.string($0, of: buffer) }
        }
    }

    /// A number; `nil` where it is missing, `null` or something else.
    func number(_ key: String) -> Double? { self[key].flatMap { Double(String(decoding: $0, as: UTF8.self)) } }

    /// An object; empty where it is missing, `null` or something else.
    func object(_ key: String) -> JSONLine {
        guard let value = self[key], value.first == 0x7B else { return JSONLine() }
        return (try? JSONLine(value)) ?? JSONLine()
    }

    /// The same object with the values of `other` in place of its own, and with what only `other` has at its end.
    func overlaid(with other: JSONLine) -> JSONLine {
        var result = self
        for member in other.members {
            if let place = result.members.lastIndex(where: { $0.key == member.key }) {
                result.members[place].value = member.value
            } else {
                result.members.append(member)
            }
        }
        return result
    }

    /// The object as JSON.
    var bytes: [UInt8] {
        var output: [UInt8] = [0x7B]
        for (number, member) in members.enumerated() {
            if number > 0 { output.append(0x2C) }
            JSONText.appendQuoted(member.key, to: &output)
            output.append(0x3A)
            output += member.value
        }
        output.append(0x7D)
        return output
    }

    private static let null = Array("null".utf8)
}
