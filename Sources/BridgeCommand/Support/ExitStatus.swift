/// How a command ended, after `sysexits.h`, so that scripts can tell what to do.
enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    /// What was looked at is not as it should be: an audit trail that does not verify.
    case unsound = 1
    /// The arguments cannot be carried out: unknown names, malformed values, duplicates.
    case usage = 64
    /// A server that is needed does not answer: the database, Home Assistant.
    case unavailable = 69
    /// A fault of this program.
    case software = 70
    /// The output cannot be written.
    case inputOutput = 74
    /// The same command may succeed later.
    case tryAgain = 75
    /// Something is refused: the keyring's mode, a token, a database role.
    case permission = 77
    /// The settings, the keyring or the schema do not fit.
    case configuration = 78
}
