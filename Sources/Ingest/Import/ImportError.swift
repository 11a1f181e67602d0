/// Why an import cannot begin or go on.
package struct ImportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A closed set of reasons.
    package enum Code: Sendable, Equatable {
        /// There is no such file, or it may not be read.
        case notReadable
        /// What was named is no database of the kind that was asked for.
        case foreign
        /// A version of the schema that this program does not read.
        case unsupported
        /// The file is damaged.
        case damaged
        /// Another program holds the database.
        case locked
        /// The server of the other database does not answer, or refuses.
        case unavailable
    }

    package let code: Code
    /// What happened, where, and what to do next. Free of secrets.
    package let message: String

    /// An error with its sentence.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same command may succeed later.
    package var isTemporary: Bool { code == .locked || code == .unavailable }

    package var description: String { message }
}
