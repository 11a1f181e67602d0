/// Why the configuration of an automation was not read, written or deleted.
package enum ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Home Assistant answered, and has changed nothing. The message is its own, or says what is wrong with the answer.
    case refused(status: Int, message: String)
    /// Home Assistant cannot read or write the file of the automations, so that none of them can be read or changed.
    case unreadableFile
    /// The token is no administrator's, or is not valid any more.
    case unauthorised
    /// Home Assistant has seen nothing of it: it may be tried again.
    case notSent(String)
    /// It may have been carried out: look at what is there.
    case noAnswer(String)

    package var description: String {
        switch self {
        case .refused(let status, let message): "Home Assistant refused the configuration (HTTP \(status)): \(message)"
        case .unreadableFile:
            """
            Home Assistant cannot read automations.yaml (HTTP 500): there is a !secret in it, or a fault in its YAML. None of \
            its automations can be read or changed until that is mended in the file.
            """
        case .unauthorised:
            """
            Home Assistant does not let this token read or change automations (HTTP 401): it is no administrator's, or not \
            valid any more. Give one of an administrator: ha-bridge connection set-token
            """
        case .notSent(let reason): "Nothing was sent to Home Assistant. \(reason)"
        case .noAnswer(let reason):
            "Home Assistant did not say whether it has done what was asked. \(reason) Look at what is there."
        }
    }
}
