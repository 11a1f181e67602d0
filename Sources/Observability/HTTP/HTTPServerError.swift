/// Why the HTTP server could not start.
package struct HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons.
    package enum Code: String, Sendable {
        case addressInUse = "address_in_use"
        case addressNotAvailable = "address_not_available"
        case permissionDenied = "permission_denied"
        case unknownHost = "unknown_host"
        case badIdentity = "bad_identity"
        case other
    }

    package let code: Code
    /// What happened and what to do, for a person.
    package let message: String

    package var description: String { message }
}
