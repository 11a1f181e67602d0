extension PostgresRow {
    /// All values in the order of the columns; `names` are the `columnNames` of the result, asked for once.
    package func cells(_ names: [String]) -> [PostgresCell] {
        names.enumerated().map { column, name in
            PostgresCell(storage: storage, row: Int32(index), column: Int32(column), name: name)
        }
    }
}

extension PostgresCell {
    /// The bytes of the text that the server wrote, `nil` for NULL.
    package var optionalText: [UInt8]? {
        get throws(PostgresError) { try rawBytes().map { Array($0) } }
    }
}
