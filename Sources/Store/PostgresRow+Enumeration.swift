import PostgresClient

extension PostgresRow {
    /// The case that the column's text names. Throws `.decoding` for a text that this program does not know.
    func enumeration<Value: RawRepresentable<String>>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = Value(rawValue: try string(column)) else {
            throw PostgresError(
                .decoding, "The column \(column) holds a word that this program does not know. Use a newer release.",
                column: column)
        }
        return value
    }
}
