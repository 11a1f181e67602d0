/// What a migrator is doing, for the progress line of a terminal; `description` is that line.
package enum MigrationEvent: Sendable, CustomStringConvertible {
    /// Another process migrates the same database. Reported at once and then every few seconds.
    case waitingForLock(since: Duration)
    /// The transaction of this migration begins.
    case applying(version: Int, description: String)
    /// It is committed.
    case applied(version: Int, description: String, took: Duration)
    /// The transaction that takes this migration back begins.
    case undoing(version: Int, description: String)
    /// It is committed.
    case undone(version: Int, description: String, took: Duration)

    package var description: String {
        switch self {
        case .waitingForLock(let since) where since < .seconds(1):
            "Another process migrates this database. Waiting for it."
        case .waitingForLock(let since):
            "Another process migrates this database. Waiting for it (\(since.components.seconds) s)."
        case .applying(let version, let description): "Applying migration \(version) (\(description))."
        case .applied(let version, let description, let took):
            "Applied migration \(version) (\(description)) in \(Self.text(took))."
        case .undoing(let version, let description): "Undoing migration \(version) (\(description))."
        case .undone(let version, let description, let took):
            "Undid migration \(version) (\(description)) in \(Self.text(took))."
        }
    }

    private static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        return milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1_000) s"
    }
}
