import Foundation
import TestSupport

/// The built `ha-bridge` beside a database, a state directory and nothing else of this machine's environment. Keeps all that it
/// ever printed.
final class CommandRunner {
    /// How a command ended and what it printed.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as JSON.
        var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) }

        /// Standard output as an array of objects.
        var objects: [[String: Any]] { json as? [[String: Any]] ?? [] }
    }

    let directory: URL
    var environment: [String: String]
    /// Everything that any command wrote to either stream.
    private(set) var transcript = ""

    init(databaseURL: String?) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-test-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        environment = ["PATH": "/usr/bin:/bin", "HA_BRIDGE_STATE_DIR": directory.appending(path: "a/state").path]
        environment["DATABASE_URL"] = databaseURL
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// The directory of the test bundle, where the build puts the program, too.
    static var executable: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "ha-bridge")
    }

    /// A file with this text.
    func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let url = directory.appending(path: name)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        return url.path
    }

    /// Runs `ha-bridge` with these arguments to its end.
    @discardableResult
    func callAsFunction(_ arguments: String..., input: String = "", database: String? = nil) async throws -> Outcome {
        var environment = environment
        if let database { environment["DATABASE_URL"] = database }
        return try await run(Self.executable, arguments, input: input, environment)
    }

    /// The same with an array.
    @discardableResult
    func callAsFunction(_ arguments: [String], database: String? = nil) async throws -> Outcome {
        var environment = environment
        if let database { environment["DATABASE_URL"] = database }
        return try await run(Self.executable, arguments, input: "", environment)
    }

    /// Runs a line of bash, in which `$HA` is the program.
    func shell(_ line: String) async throws -> Outcome {
        let environment = environment.merging(["HA": Self.executable.path]) { $1 }
        return try await run(URL(filePath: "/bin/bash"), ["-o", "pipefail", "-c", line], input: "", environment)
    }

    /// Starts a command that goes on until `body`, which reads its standard output so far, returns.
    func withRunning<Result>(
        _ arguments: String..., body: (_ output: () -> String) async throws -> Result
    ) async throws -> Result {
        let (process, output, _) = try prepare(Self.executable, arguments, input: "", environment)
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
            Self.closeStreams(of: process)
            transcript += Self.read(output)
        }
        return try await body { Self.read(output) }
    }

    private func run(
        _ executable: URL, _ arguments: [String], input: String, _ environment: [String: String]
    ) async throws -> Outcome {
        let (process, output, errors) = try prepare(executable, arguments, input: input, environment)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        Self.closeStreams(of: process)
        let outcome = Outcome(
            status: process.terminationStatus, output: Self.read(output), errors: Self.read(errors))
        transcript += outcome.output + outcome.errors
        return outcome
    }

    private func prepare(
        _ executable: URL, _ arguments: [String], input: String, _ environment: [String: String]
    ) throws -> (process: Process, output: URL, errors: URL) {
        let name = UUID().uuidString
        // Files, not pipes: nothing blocks, however much is printed.
        let paths = ["in", "out", "err"].map { directory.appending(path: "\(name).\($0)") }
        for path in paths { try Data(path == paths[0] ? Data(input.utf8) : Data()).write(to: path) }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = try FileHandle(forReadingFrom: paths[0])
        process.standardOutput = try FileHandle(forWritingTo: paths[1])
        process.standardError = try FileHandle(forWritingTo: paths[2])
        return (process, paths[1], paths[2])
    }

    /// Foundation keeps a process that has ended, and the files with it: hundreds of commands would leave hundreds open.
    private static func closeStreams(of process: Process) {
        for stream in [process.standardInput, process.standardOutput, process.standardError] {
            try? (stream as? FileHandle)?.close()
        }
    }

    private static func read(_ url: URL) -> String {
        (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
