import Foundation

/// A process of `ha-bridge run`, with its standard error in a file unless the test has given it something else.
final class RunningBridge {
    private let process: Process
    private let outputFile: URL
    private let errorFile: URL

    init(directory: URL, environment: [String: String], errors: FileHandle?) throws {
        let name = UUID().uuidString
        outputFile = directory.appending(path: "run-\(name).out")
        errorFile = directory.appending(path: "run-\(name).err")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process = Process()
        process.executableURL = CommandRunner.executable
        process.arguments = ["run"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try errors ?? FileHandle(forWritingTo: errorFile)
        try process.run()
    }

    /// What it wrote to standard error so far.
    var log: String { Self.read(errorFile) }

    /// What it wrote to standard output so far.
    var output: String { Self.read(outputFile) }

    var isRunning: Bool { process.isRunning }

    /// The id of the process.
    var processID: Int32 { process.processIdentifier }

    /// The lines of the log that hold `text`.
    func lines(with text: String) -> [Substring] { log.split(separator: "\n").filter { $0.contains(text) } }

    /// Asks it to end, as a service manager does.
    func terminate() { process.terminate() }

    /// How it ended and after how long; `nil` when it still runs after `limit`.
    func ended(within limit: Duration = .seconds(30)) async throws -> (status: Int32, after: Duration)? {
        let start = ContinuousClock.now
        while process.isRunning {
            if ContinuousClock.now - start > limit { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
        // A signal is not an exit: it never equals a status of this program.
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return (status, ContinuousClock.now - start)
    }

    /// Ends it at once, if it still runs.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private static func read(_ file: URL) -> String {
        (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
