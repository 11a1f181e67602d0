import Glibc

/// Runs other programs.
enum Subprocess {
    /// What `program`, found along PATH, writes to its standard output. Throws `EvaluationError` unless it ends with 0.
    ///
    /// By the calls of POSIX, because Foundation's `waitUntilExit` now and then waits for ever for a program that has ended.
    static func output(of program: String, _ arguments: [String]) throws -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure(program, errno) }
        // The program must not keep its own output open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, nil, &words, environ)
        close(ends[1])
        guard code == 0 else { throw failure(program, code) }
        // Read before the wait: a full pipe would stop the program.
        let data = read(to: ends[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let end = status & 0x7F == 0 ? "\(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
            throw EvaluationError("\(program) \(arguments.joined(separator: " ")) ended with \(end).")
        }
        return data
    }

    private static func read(to end: Int32) -> [UInt8] {
        var data: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(end, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return data }
            data.append(contentsOf: piece[..<count])
        }
    }

    private static func failure(_ program: String, _ code: Int32) -> EvaluationError {
        EvaluationError("\(program) cannot be started: \(String(cString: strerror(code))).")
    }
}
