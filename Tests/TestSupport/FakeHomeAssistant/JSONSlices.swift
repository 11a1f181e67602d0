/// Finds where members and elements lie in valid JSON, so that recorded values go out again byte for byte. Independent of the
/// product's own scanner, which is under test.
enum JSONSlices {
    /// The elements of an array, or the whole if it is none.
    static func elementsOrWhole(_ bytes: [UInt8]) -> [Range<Int>] {
        let whole = 0..<bytes.count
        guard bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") else { return [whole] }
        return parts(bytes, whole)
    }

    /// The members of an object, by key; keys with escapes are kept as written.
    static func members(_ bytes: [UInt8], _ object: Range<Int>) -> [String: Range<Int>] {
        guard bytes[object].first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return [:] }
        var result: [String: Range<Int>] = [:]
        for part in parts(bytes, object) {
            guard let end = stringEnd(bytes, part.lowerBound, part.upperBound),
                let colon = bytes[end..<part.upperBound].firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let key = String(decoding: bytes[(part.lowerBound + 1)..<(end - 1)], as: UTF8.self)
            result[key] = trim(bytes, (colon + 1)..<part.upperBound)
        }
        return result
    }

    /// What lies between the outermost brackets and their commas.
    private static func parts(_ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var depth = 0
        var start = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = stringEnd(bytes, index, range.upperBound) ?? range.upperBound
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 1 { start = index + 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                let part = trim(bytes, start..<index)
                if depth == 0 && !part.isEmpty { result.append(part) }
            case UInt8(ascii: ",") where depth == 1:
                result.append(trim(bytes, start..<index))
                start = index + 1
            default: break
            }
            index += 1
        }
        return result
    }

    /// The index behind the closing quote of the string that starts at `start`.
    private static func stringEnd(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int? {
        guard start < limit, bytes[start] == UInt8(ascii: "\"") else { return nil }
        var index = start + 1
        while index < limit {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index + 1
            } else {
                index += 1
            }
        }
        return nil
    }

    private static func trim(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper && bytes[lower] <= 0x20 { lower += 1 }
        while upper > lower && bytes[upper - 1] <= 0x20 { upper -= 1 }
        return lower..<upper
    }
}
