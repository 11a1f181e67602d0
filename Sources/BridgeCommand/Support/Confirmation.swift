import Glibc

/// Asks before something that cannot be undone.
struct Confirmation {
    let console: Console
    /// Reads one line of the answer; `nil` at the end of input.
    var readAnswer: () -> String? = { readLine() }

    /// Returns when the person agrees, or when no person sits before the command: scripts say what they mean. Throws a
    /// `CommandFailure` otherwise.
    func require(_ question: String, isGiven: Bool) throws {
        guard !isGiven, console.terminal.isInteractive else { return }
        console.ask("\(question) [y/N] ")
        let answer = readAnswer()?.lowercased().filter { !$0.isWhitespace }
        guard answer == "y" || answer == "yes" else { throw CommandFailure(.usage, "Nothing was changed.") }
    }
}
