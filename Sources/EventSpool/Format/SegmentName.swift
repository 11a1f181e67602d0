import FoundationEssentials

/// The name of a segment's file: `0000000000000012-5e3ad3d2-7c8b-4b43-9f6e-1f0b52d2a0c4.spool`, number and run.
///
/// No damage to the file's bytes touches the name, so that the run of every record is known in any case.
struct SegmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    private static let suffix = ".spool"
    private static let runCount = 36

    let number: UInt64
    let run: SpoolRunID

    init(number: UInt64, run: SpoolRunID) {
        self.number = number
        self.run = run
    }

    /// The order of the records. Two segments of one number come from somewhere else; they are read all the same.
    static func < (left: SegmentName, right: SegmentName) -> Bool {
        (left.number, left.run.description) < (right.number, right.run.description)
    }

    /// At least sixteen digits of number, so that a listing by name is in order.
    var description: String { "\(Self.digits(number, 16))-\(run)\(Self.suffix)" }

    /// The name of a copy of the segment that is not yet in its place.
    var copy: String { Self.digits(number, 16) + ".new" }

    /// Damaged bytes: segment and offset, and a further number when the name is taken by other bytes.
    static func quarantine(_ number: UInt64, offset: Int, attempt: Int) -> String {
        let name = "\(digits(number, 16))-\(digits(UInt64(max(offset, 0)), 10))"
        return attempt == 0 ? "\(name).bad" : "\(name)-\(attempt).bad"
    }

    /// Reads a name; `nil` when it is not the name of a segment.
    init?(_ name: String) {
        guard name.hasSuffix(Self.suffix) else { return nil }
        let stem = name.dropLast(Self.suffix.count)
        guard let run = SpoolRunID(String(stem.suffix(Self.runCount))),
            let number = UInt64(stem.dropLast(Self.runCount + 1))
        else { return nil }
        self.init(number: number, run: run)
        // One text for one segment.
        guard description == name else { return nil }
    }

    /// Whether a file is an unfinished copy.
    static func isCopy(_ name: String) -> Bool { name.hasSuffix(".new") }

    private static func digits(_ number: UInt64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
