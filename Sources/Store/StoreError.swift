/// Why the store refused what a person asked for, where the cause is what is stored rather than PostgreSQL.
///
/// Failures of the database itself come through as `PostgresError`.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of refusal this is; a closed set, fit for a metric label and for choosing an exit code.
    package enum Code: String, Sendable, CaseIterable {
        /// Another user has this name.
        case duplicateUsername = "duplicate_username"
        /// Another user has this address.
        case duplicateEmail = "duplicate_email"
        /// The user has a connection of this name.
        case duplicateName = "duplicate_name"
        /// The user has a connection to this URL.
        case duplicateURL = "duplicate_url"
        /// No such row.
        case notFound = "not_found"
        /// Several rows fit; the message names their users.
        case ambiguous
        /// A value that no row may hold, such as a blank name.
        case invalidValue = "invalid_value"
        /// The connection was not marked as removed first.
        case notRemoved = "not_removed"
        /// The login may not act as the owner of the tables.
        case ownerNeeded = "owner_needed"
        /// A chain of the audit trail is not whole, so that nothing may be taken out of it.
        case auditUnsound = "audit_unsound"
        /// The keyring holds no signing key.
        case noSigningKey = "no_signing_key"
    }

    /// The kind of refusal.
    package let code: Code
    /// What happened and what to do next, in sentences for a person.
    package let message: String

    /// Makes an error; `message` must be free of secrets.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
