/// Writes the parameters of a statement whose number of rows varies.
enum Placeholders {
    /// `($1, $2), ($3, $4)` for two rows of two columns.
    static func rows(_ count: Int, columns: Int) -> String {
        (0..<count).map { row in
            "(" + (1...columns).map { "$\(row * columns + $0)" }.joined(separator: ", ") + ")"
        }.joined(separator: ", ")
    }
}
