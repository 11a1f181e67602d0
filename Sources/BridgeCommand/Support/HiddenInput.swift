import Glibc

/// Takes the echo off the terminal at standard input while a secret is typed or pasted.
enum HiddenInput {
    /// Runs `body` without echo and puts the terminal back as it was.
    ///
    /// The line discipline gives a line at a time and at most 4,095 bytes of it, which no token of Home Assistant reaches.
    static func whileHidden<Result>(_ body: () throws -> Result) throws -> Result {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw CommandFailure(.usage, "Cannot hide what is typed here. Give the token in a file instead.")
        }
        var hidden = before
        // ECHONL shows the newline at the end. Without ISIG, Ctrl-C cannot end the process with the echo off; it becomes
        // a character that no token has, and the command ends with a sentence.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        hidden.c_lflag |= tcflag_t(ECHONL)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else {
            throw CommandFailure(.usage, "Cannot hide what is typed here. Give the token in a file instead.")
        }
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
        return try body()
    }
}
