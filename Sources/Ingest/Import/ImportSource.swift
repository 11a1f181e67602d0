import BridgeCore
import Store

/// A database of another program, as an import reads it: phase after phase, page after page.
protocol ImportSource: Sendable {
    /// What the import is called in `home_assistant_import`.
    var kind: ImportKind { get }
    /// For a person; without passwords.
    var name: String { get }
    /// The same for the same history, however far it has grown and wherever its file lies.
    var fingerprint: String { get }
    /// What is there to read, in this order.
    var phases: [ImportPhase] { get }

    /// Where `phase` begins and ends now; `nil` where it holds nothing within `range`.
    func extent(of phase: ImportPhase, _ range: Range<Timestamp>) async throws -> ImportExtent?

    /// The changes behind `position`, up to the end of `extent`.
    func page(
        of phase: ImportPhase, after position: ImportPosition?, in extent: ImportExtent, _ range: Range<Timestamp>
    ) async throws -> ImportPage

    func close() async
}

/// What lies in one phase.
struct ImportExtent: Sendable, Equatable {
    /// The numbers of the first and last row: ids, microseconds, or series.
    var numbers: ClosedRange<Int64>

    /// How much of it lies before `number`, from 0 to 1.
    func fraction(at number: Int64) -> Double {
        let span = Double(numbers.upperBound) - Double(numbers.lowerBound)
        guard span > 0 else { return 1 }
        return min(max((Double(number) - Double(numbers.lowerBound)) / span, 0), 1)
    }
}

/// Changes in the order in which they are stored.
struct ImportPage: Sendable {
    var changes: [RecordedChange] = []
    /// Rows of one series of statistics, in the order of time.
    var statistics: [RecordedStatistic] = []
    /// Rows read, also those that say nothing.
    var rows = 0
    /// Rows that hold no time or no name, and cannot become anything.
    var unusable = 0
    /// Where the next page begins; `nil` at the end.
    var next: ImportPosition?
}
