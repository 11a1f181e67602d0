import Glibc

/// Why the spool could not do what was asked. No record that was appended before is lost by it.
package struct SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of causes.
    package enum Code: Hashable, Sendable {
        /// Another process has the spool; the payload is its id when that is known.
        case inUse(pid: Int32?)
        /// A segment was written by a newer version.
        case unsupportedVersion
        /// No space, or no quota, is left. The same append works once there is room.
        case full
        /// The directory or a file of it is gone: `EventSpool.checkPresence` makes it anew.
        case missing
        /// The process may not do that, or the file system is read only.
        case forbidden
        /// No descriptor or no memory was left. The same call works later.
        case exhausted
        /// The disk failed.
        case io
        /// The caller broke a rule of the call, or the directory holds something that is no spool.
        case invalid

        /// The bounded text for metrics.
        package var label: String {
            switch self {
            case .inUse: "in_use"
            case .unsupportedVersion: "unsupported_version"
            case .full: "full"
            case .missing: "missing"
            case .forbidden: "forbidden"
            case .exhausted: "exhausted"
            case .io: "io"
            case .invalid: "invalid"
            }
        }
    }

    /// The cause.
    package let code: Code

    /// What happened and what to do next, for a person.
    package let message: String

    package var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What `errno` says about `what`, such as "The segment … cannot be written".
    init(errno number: Int32, _ what: String) {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        let (code, hint): (Code, String) =
            switch number {
            case ENOSPC, EDQUOT, EFBIG: (.full, "Free space on its disk.")
            case ENOENT, ESTALE: (.missing, "It was removed while in use.")
            case EACCES, EPERM, EROFS: (.forbidden, "Check the owner and mode of the directory and its mount.")
            case EMFILE, ENFILE, ENOMEM: (.exhausted, "Raise the limit on open files or memory.")
            default: (.io, "Check the disk.")
            }
        self.init(code, "\(what) (\(reason)). \(hint)")
    }
}
