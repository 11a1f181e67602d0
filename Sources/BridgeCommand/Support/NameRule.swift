import BridgeCore

/// What a person may call users and connections. Length and blanks are the store's to judge.
enum NameRule {
    /// Throws a `CommandFailure` for a name that no terminal could show as it is.
    static func check(_ name: String, of subject: String) throws {
        guard PrintableText.of(name) == name else {
            throw CommandFailure(
                .usage, "The \(subject)'s name holds control characters or marks that turn the direction of writing.")
        }
    }
}
