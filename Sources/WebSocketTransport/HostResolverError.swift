/// A host name that leads to no usable address.
package struct HostResolverError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The cause; a closed set.
    package enum Code: String, Sendable, Hashable {
        case invalidName
        case notFound
        /// The name server failed or could not be reached.
        case temporaryFailure
        case timeout
        /// Every address of the name is one that is never connected to.
        case refusedByPolicy
    }

    package let code: Code

    /// A sentence for a person.
    package let message: String

    package var description: String { message }

    /// Whether the same lookup can succeed later without anyone changing the URL.
    package var isRetriable: Bool { code == .notFound || code == .temporaryFailure || code == .timeout }
}
