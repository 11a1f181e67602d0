/// Names of files: `0000000000000012.spool`.
enum SegmentName {
    private static let suffix = ".spool"

    /// At least sixteen digits, so that a listing by name is in order.
    static func segment(_ number: UInt64) -> String { digits(number, 16) + suffix }

    /// A copy of a segment that is not yet in its place.
    static func copy(_ number: UInt64) -> String { digits(number, 16) + ".new" }

    /// Damaged bytes: segment and offset, and a further number when the name is taken by other bytes.
    static func quarantine(_ number: UInt64, offset: Int, attempt: Int) -> String {
        let name = "\(digits(number, 16))-\(digits(UInt64(max(offset, 0)), 10))"
        return attempt == 0 ? "\(name).bad" : "\(name)-\(attempt).bad"
    }

    /// The number in the name of a segment, or `nil` when it is no such name.
    static func number(_ name: String) -> UInt64? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard digits.utf8.count >= 16, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(digits), segment(number) == name
        else { return nil }
        return number
    }

    /// Whether a file is an unfinished copy.
    static func isCopy(_ name: String) -> Bool { name.hasSuffix(".new") }

    private static func digits(_ number: UInt64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
