import BridgeConcurrency
import Foundation
import PostgresClient

/// A PostgreSQL server of a test's own, which it may stop, freeze, kill and replicate; made of the programs of the server that
/// `HA_BRIDGE_TEST_DATABASE_URL` names, when that one runs on this machine.
///
/// It trusts whoever comes from the loopback, has no pgvector, and does not survive a crash of the machine.
package final class ThrowawayServer: Sendable {
    /// How a server is stopped.
    package enum StopMode: String, Sendable { case fast, immediate }

    /// A program that failed, with its last words.
    package struct Failure: Error, CustomStringConvertible { package let description: String }

    /// Where the programs are and who may run them.
    private struct Programs: Sendable {
        let directory: String
        let user: UInt32
        let group: UInt32
    }

    /// The port on 127.0.0.1.
    package let port: UInt16
    private let place: String
    private let programs: Programs

    private init(port: UInt16, place: String, programs: Programs) {
        self.port = port
        self.place = place
        self.programs = programs
    }

    /// The connection string of its database `postgres`, for its superuser.
    package var url: String { "postgresql://ha_bridge@127.0.0.1:\(port)/postgres" }

    /// The connection string as a configuration.
    package var configuration: PostgresConfiguration {
        get throws { try PostgresConfiguration(url) }
    }

    /// Makes and starts a server, lends it to `body` and removes it. Returns `nil`, without calling `body`, where that cannot be
    /// done: the programs are not on this machine, or not ours to run.
    package static func with<R>(
        isolation: isolated (any Actor)? = #isolation, settings: [String] = [],
        _ body: (ThrowawayServer) async throws -> R
    ) async throws -> R? {
        guard let programs = try await findPrograms() else { return nil }
        let server = try make(programs)
        do {
            try await server.run(
                "initdb",
                [
                    "--pgdata=\(server.data)", "--username=ha_bridge", "--auth=trust", "--encoding=UTF8", "--locale=C",
                    "--no-sync",
                ])
            try server.configure(settings)
            try await server.start()
            let result = try await body(server)
            await server.remove()
            return result
        } catch {
            await server.remove()
            throw error
        }
    }

    /// Makes and starts a streaming standby, lends it to `body` and removes it.
    package func withStandby<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (ThrowawayServer) async throws -> R
    ) async throws -> R {
        let standby = try Self.make(programs)
        do {
            try await standby.run(
                "pg_basebackup",
                [
                    "--pgdata=\(standby.data)", "--host=127.0.0.1", "--port=\(port)", "--username=ha_bridge",
                    "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
                ])
            try standby.configure([])
            try await standby.start()
            let result = try await body(standby)
            await standby.remove()
            return result
        } catch {
            await standby.remove()
            throw error
        }
    }

    // MARK: Faults

    /// Starts it and waits until it answers.
    package func start() async throws {
        try await run(
            "pg_ctl", ["start", "--silent", "--wait", "--timeout=60", "--pgdata=\(data)", "--log=\(place)/log"])
    }

    /// Stops it and waits for its end.
    package func stop(_ mode: StopMode = .immediate) async throws {
        try await run("pg_ctl", ["stop", "--silent", "--wait", "--mode=\(mode.rawValue)", "--pgdata=\(data)"])
    }

    /// Makes the standby a primary and waits for it.
    package func promote() async throws {
        try await run("pg_ctl", ["promote", "--silent", "--wait", "--pgdata=\(data)"])
    }

    /// Sends a signal to the postmaster.
    package func signal(_ number: Int32) { if let postmaster { kill(postmaster, number) } }

    /// Adds settings, which a reload or a restart makes effective.
    package func configure(_ settings: [String]) throws {
        let own = [
            "port = \(port)", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "fsync = off",
            "shared_buffers = 16MB", "max_connections = 20", "autovacuum = off", "dynamic_shared_memory_type = mmap",
        ]
        let path = data + "/postgresql.conf"
        guard let file = FileHandle(forWritingAtPath: path) else { throw Failure(description: "No \(path)") }
        try file.seekToEnd()
        try file.write(contentsOf: Data((own + settings).joined(separator: "\n").utf8 + [0x0A]))
        try file.close()
    }

    private var data: String { place + "/data" }

    private var postmaster: Int32? {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first.flatMap { Int32($0) }
    }

    private func remove() async {
        // In a task of its own, which is awaited: a cancelled test must not leave a server behind.
        await Task {
            signal(SIGCONT)
            try? await stop()
            try? FileManager.default.removeItem(atPath: place)
        }.value
    }

    // MARK: Programs

    /// The programs of the server for tests, seen through the process that serves a session.
    private static func findPrograms() async throws -> Programs? {
        guard let url = TestDatabase.serverURL else { return nil }
        let connection = try await PostgresConnection.connect(
            PostgresConfiguration(url), deadline: .seconds(20), logger: TestDatabase.quietLogger)
        defer { Task { await connection.close() } }
        guard let process = await connection.backendProcessID, kill(process, 0) == 0 else { return nil }
        var status = stat()
        guard stat("/proc/\(process)", &status) == 0, geteuid() == 0 || geteuid() == status.st_uid,
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe"),
            program.hasSuffix("/postgres")
        else { return nil }
        let directory = String(program.dropLast("/postgres".count))
        guard FileManager.default.isExecutableFile(atPath: directory + "/initdb") else { return nil }
        return Programs(directory: directory, user: status.st_uid, group: status.st_gid)
    }

    private static func make(_ programs: Programs) throws -> ThrowawayServer {
        let place = "/tmp/ha-bridge-postgres-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        chmod(place, 0o755)
        if geteuid() == 0 { chown(place, programs.user, programs.group) }
        let (descriptor, port) = try FaultSocket.bound(port: 0)
        close(descriptor)
        return ThrowawayServer(port: port, place: place, programs: programs)
    }

    /// Foundation's `Process` would wait for the server, too, which pg_ctl leaves behind.
    private func run(_ name: String, _ arguments: [String]) async throws {
        var words = [programs.directory + "/" + name] + arguments
        if geteuid() != programs.user {
            let identity = ["--reuid=\(programs.user)", "--regid=\(programs.group)", "--clear-groups"]
            words = ["setpriv"] + identity + ["--"] + words
        }
        let output = place + "/" + name + ".out"
        let status = try await Self.spawn(words, output: output)
        guard status == 0 else {
            // What pg_ctl prints only points to the server's own log.
            let words = [output, place + "/log"].compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
            throw Failure(
                description: "\(name) failed (\(status)): \(words.map { $0.suffix(400) }.joined(separator: "\n"))")
        }
    }

    /// Runs a program with its output in a file and returns its wait status.
    private static func spawn(_ words: [String], output: String) async throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Nor may the server keep sockets of other tests open.
        let open =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.compactMap { Int32($0) } ?? []
        for descriptor in 3..<max(512, (open.max() ?? 0) + 1) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        // The directory of the tests may be closed to the user who runs the server.
        let shell = ["sh", "-c", "cd /tmp && exec \"$@\"", "sh"] + words
        var arguments: [UnsafeMutablePointer<CChar>?] = shell.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let refusal = posix_spawnp(&process, shell[0], &actions, nil, &arguments, environ)
        guard refusal == 0 else { throw Failure(description: "Cannot run \(words[0]) (error \(refusal))") }
        let child = process
        return await withCheckedContinuation { continuation in
            let waiter = Thread {
                var status: Int32 = 0
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                continuation.resume(returning: status)
            }
            waiter.start()
        }
    }
}
