import BridgeCore

/// Rows of text under a heading, aligned for a person.
struct TextTable {
    /// One column of the table.
    struct Column {
        enum Alignment { case left, right }

        let title: String
        let alignment: Alignment
        /// Whether the column may be shortened, with an ellipsis, to fit the terminal.
        let isFlexible: Bool

        init(_ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isFlexible = isFlexible
        }
    }

    let columns: [Column]
    /// One cell per column; what is missing stays blank.
    var rows: [[String]] = []

    init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The lines of the table, for a terminal of `columns`, or as wide as need be when that is `nil`.
    func lines(terminal: Console.Terminal) -> [String] {
        let cells = rows.map { row in columns.indices.map { $0 < row.count ? PrintableText.of(row[$0]) : "" } }
        let widths = widths(of: cells, limit: terminal.columns)
        let heading = line(columns.map(\.title), widths)
        return [terminal.hasColour ? "\u{1B}[1m\(heading)\u{1B}[0m" : heading] + cells.map { line($0, widths) }
    }

    private static let gap = "  "

    private func widths(of cells: [[String]], limit: Int?) -> [Int] {
        var widths = columns.map { DisplayWidth.of($0.title) }
        for row in cells {
            for index in columns.indices { widths[index] = max(widths[index], DisplayWidth.of(row[index])) }
        }
        guard let limit else { return widths }
        // The widest flexible column gives first, down to a width at which it still says something.
        let gaps = Self.gap.count * (columns.count - 1)
        while widths.reduce(gaps, +) > limit {
            let flexible = columns.indices.filter { columns[$0].isFlexible && widths[$0] > 8 }
            guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let fitted = columns[index].isFlexible ? DisplayWidth.fitting(cell, widths[index]) : cell
            let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(fitted)))
            if index > 0 { text += Self.gap }
            text += columns[index].alignment == .left ? fitted + padding : padding + fitted
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
