/// Makes text that others wrote fit for a column.
enum StorableText {
    /// `text` without the character that PostgreSQL cannot store (U+0000 becomes U+FFFD), cut to `limit` code points, which is
    /// what `VARCHAR(n)` counts.
    static func fitting(_ text: String, limit: Int = .max) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit { break }
            result.append(scalar == "\0" ? "\u{FFFD}" : scalar)
            count += 1
        }
        return String(result)
    }
}
