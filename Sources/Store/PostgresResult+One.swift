import PostgresClient

extension PostgresResult {
    /// The first row, decoded; for statements that always give one. Throws `.protocolViolation` where there is none.
    func one<Value>(_ decode: (PostgresRow) throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        guard let row = first else {
            throw PostgresError(.protocolViolation, "The database gave no row where one was expected.")
        }
        return try decode(row)
    }
}
