import Glibc

/// Why a model cannot be installed or used. Nothing half-written is left behind by it.
package struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of causes.
    package enum Code: String, Hashable, Sendable {
        /// No model is installed.
        case missing
        /// A file is not what it says it is, or its bytes have changed.
        case damaged
        /// The file is intact but of another format version, or no model at all.
        case unsupported
        /// The source is another model than the one this program knows.
        case wrongSource = "wrong_source"
        /// The process may not read or write there.
        case forbidden
        /// No space, or no quota, is left.
        case full
        /// The disk failed.
        case io
        /// No python3 with pip is here.
        case noPython = "no_python"
        /// The package could not be fetched or unpacked.
        case fetchFailed = "fetch_failed"
        /// Another installation runs.
        case busy
        /// The installation was cancelled.
        case cancelled

        /// The bounded text for metrics.
        package var label: String { rawValue }
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

    /// What `errno` says about `what`, such as "The file … cannot be written".
    init(errno number: Int32, _ what: String) {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        let (code, hint): (Code, String) =
            switch number {
            case ENOSPC, EDQUOT, EFBIG: (.full, "Free space on its disk and try again.")
            case ENOENT, ENOTDIR: (.missing, "Check the path.")
            case EACCES, EPERM, EROFS: (.forbidden, "Check the owner and mode of the file and its directory.")
            case EISDIR, EINVAL, ENXIO: (.unsupported, "Name a regular file.")
            default: (.io, "Check the disk.")
            }
        self.init(code, "\(what) (\(reason)). \(hint)")
    }
}
