import BridgeCore

/// The members of one entry of a registry. What is missing or of another type than expected reads as absent.
struct RegistryItem {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var members: [(key: JSONString, value: Range<Int>)] = []

    /// Reads the object at which `scanner` stands; `nil` for any other value, which is skipped.
    init?(_ bytes: UnsafeBufferPointer<UInt8>, _ scanner: inout JSONScanner) throws(JSONScanError) {
        self.bytes = bytes
        guard scanner.peek() == 0x7B else {
            _ = try scanner.skipValue()
            return nil
        }
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            members.append((key, try scanner.skipValue()))
        } while try scanner.nextMember()
    }

    /// A text that is not empty, without U+0000. Some integrations give numbers where a text belongs; they are taken as written.
    func text(_ key: StaticString) -> String? { value(of: key).flatMap { Self.text(at: $0, of: bytes) } }

    /// Whether the value is `true`.
    func flag(_ key: StaticString) -> Bool { value(of: key).map { bytes[$0.lowerBound] == 0x74 } ?? false }

    /// The texts of an array, sorted and each of them once.
    func texts(_ key: StaticString) -> [String] {
        guard let place = value(of: key), bytes[place.lowerBound] == 0x5B else { return [] }
        var texts: Set<String> = []
        var scanner = JSONScanner(bytes, range: place)
        // The array has been walked through before, so that nothing is thrown here.
        guard (try? scanner.enterArray()) == true else { return [] }
        while let element = try? scanner.skipValue() {
            if let text = Self.text(at: element, of: bytes) { texts.insert(text) }
            guard (try? scanner.nextElement()) == true else { break }
        }
        return texts.sorted()
    }

    /// Where the value of a member lies; of members of one name the last one counts, as in Python.
    func value(of key: StaticString) -> Range<Int>? {
        let scanner = JSONScanner(bytes, range: 0..<0)
        return members.last { scanner.equals($0.key, key) }?.value
    }

    private static func text(at place: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard let first = place.first.map({ bytes[$0] }) else { return nil }
        switch first {
        case 0x22:
            var scanner = JSONScanner(bytes, range: place)
            guard let string = try? scanner.string(), string.count > 0 else { return nil }
            return JSONText.string(string, of: bytes).replacing("\0", with: "\u{FFFD}")
        case 0x2D, 0x30...0x39:
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[place]), as: UTF8.self)
        default: return nil
        }
    }
}

extension CommandAnswer {
    /// Calls `body` for each object in the array that was answered, and returns how many other elements there were; `nil` when
    /// the answer is no array. An object of objects, as `get_entries` gives it, counts as the array of its values.
    func forEachItem(_ body: (RegistryItem) -> Void) -> Int? {
        frame.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes, range: result)
            do throws(JSONScanError) {
                switch scanner.peek() {
                case 0x5B:
                    guard try scanner.enterArray() else { return 0 }
                    var others = 0
                    repeat {
                        if let item = try RegistryItem(bytes, &scanner) { body(item) } else { others += 1 }
                    } while try scanner.nextElement()
                    return others
                case 0x7B:
                    guard try scanner.enterObject() else { return 0 }
                    var others = 0
                    repeat {
                        _ = try scanner.key()
                        if let item = try RegistryItem(bytes, &scanner) { body(item) } else { others += 1 }
                    } while try scanner.nextMember()
                    return others
                default: return nil
                }
            } catch {
                return nil
            }
        }
    }
}
