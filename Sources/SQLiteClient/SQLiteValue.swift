/// What SQLite holds in one column of one row.
package enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    /// The bytes of a text, which SQLite promises to be UTF-8 and does not check.
    case text([UInt8])
    case blob([UInt8])
}
