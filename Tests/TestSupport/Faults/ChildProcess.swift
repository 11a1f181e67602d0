import BridgeConcurrency
import Foundation

/// A process of a test's own, ended at the latest with the last reference to it.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Sendable, Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    package struct Failure: Error, CustomStringConvertible { package let description: String }

    package let processID: pid_t
    private let end = LockedBox<End?>(nil)

    /// Starts a program; what it prints is appended to `output`.
    package init(_ path: String, _ arguments: [String], environment: [String: String], output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // What others here have opened is not the program's.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let descriptor = Int32(name), descriptor > 2 else { continue }
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The tests ignore SIGPIPE and may block signals; the program starts as from a shell.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid = pid_t()
        let status = posix_spawn(&pid, path, &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw Failure(description: "Cannot start \(path) (errno \(status)).") }
        processID = pid
    }

    deinit { kill() }

    /// How it ended; nil while it runs.
    package var ended: End? {
        end.withLock { end in
            if end == nil {
                var status: Int32 = 0
                if waitpid(processID, &status, WNOHANG) == processID {
                    end = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
                }
            }
            return end
        }
    }

    package var isRunning: Bool { ended == nil }

    /// Sends a signal, if it still runs.
    package func send(_ signal: Int32) { if isRunning { Glibc.kill(processID, signal) } }

    /// Ends it at once, stopped or not.
    package func kill() {
        guard isRunning else { return }
        Glibc.kill(processID, SIGKILL)
        while isRunning { usleep(500) }
    }

    /// Waits for its end; nil when it still runs after `limit`.
    package func waitForEnd(_ limit: Duration) async throws -> End? {
        let deadline = ContinuousClock.now + limit
        while isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        return ended
    }

    /// A field of `/proc/PID/status` in KiB, such as `VmRSS`.
    package func memory(_ field: String = "VmRSS") -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    /// Runs a program to its end. Returns how it ended and what it printed.
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        limit: Duration = .seconds(120)
    ) async throws -> (end: End?, output: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "child-\(UUID()).out").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        let child = try ChildProcess(path, arguments, environment: environment, output: file)
        let end = try await child.waitForEnd(limit)
        child.kill()
        return (end, (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
    }
}
