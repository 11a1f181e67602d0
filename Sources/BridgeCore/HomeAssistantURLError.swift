/// Why a text is no usable Home Assistant URL.
///
/// The message is a sentence for the person who typed the text. It repeats nothing of that text but a host or a
/// scheme that
/// has been checked, because people paste passwords and tokens into the wrong place.
package struct HomeAssistantURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of causes.
    package enum Code: String, Sendable, CaseIterable {
        case empty
        case tooLong = "too_long"
        case malformed
        case looksLikeToken = "looks_like_token"
        case unsupportedScheme = "unsupported_scheme"
        case containsCredentials = "contains_credentials"
        case emptyHost = "empty_host"
        case invalidHost = "invalid_host"
        case internationalHost = "international_host"
        case invalidIPv4 = "invalid_ipv4"
        case invalidIPv6 = "invalid_ipv6"
        case unbracketedIPv6 = "unbracketed_ipv6"
        case zoneIdentifier = "zone_identifier"
        case unspecifiedAddress = "unspecified_address"
        case invalidPort = "invalid_port"
        case invalidPath = "invalid_path"
        case secureNeedsName = "secure_needs_name"

        /// The bounded text for metrics.
        package var label: String { rawValue }
    }

    /// The cause.
    package let code: Code

    /// What is wrong and what to write instead.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
