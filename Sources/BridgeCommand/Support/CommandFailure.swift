/// Why a command ends without success: one or two sentences for standard error, and the exit status.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
    let status: ExitStatus
    /// What happened and what to do next. Free of secrets.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { message }
}
