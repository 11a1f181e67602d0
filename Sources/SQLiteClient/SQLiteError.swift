/// Why a SQLite file could not be read.
package struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A closed set of reasons.
    package enum Code: Sendable, Equatable {
        /// There is no such file, or it may not be opened.
        case cannotOpen
        /// The file is no SQLite database.
        case notADatabase
        /// The file is one and is damaged.
        case damaged
        /// Another program holds it for longer than the patience of the reader.
        case locked
        /// The statement names a table or column that is not there, or is wrong.
        case statement
        /// Anything else: the disk, the memory.
        case other
    }

    package let code: Code
    /// What SQLite says, without the file's name.
    package let message: String
    /// SQLite's own extended number.
    package let number: Int32

    /// An error with SQLite's own words.
    package init(_ code: Code, _ message: String, number: Int32 = 0) {
        self.code = code
        self.message = message
        self.number = number
    }

    package var description: String { "\(message) (SQLite \(number))" }
}
