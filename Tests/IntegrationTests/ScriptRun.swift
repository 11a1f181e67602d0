import Foundation

/// A script of `deploy/`, run to its end as a person runs it.
struct ScriptRun {
    /// The top of the repository.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All that it said, on both streams.
    let said: String
    /// `nil` when it took longer than it may, and was ended.
    let status: Int32?

    /// Runs `deploy/NAME` with the programs of this build in its path. `environment` comes on top of that of the tests and the rig.
    init(
        _ name: String, _ arguments: [String] = [], rig: ProcessRig, environment: [String: String] = [:],
        within limit: Duration
    ) async throws {
        let script = Process()
        script.executableURL = Self.repository.appending(path: "deploy/\(name)")
        script.arguments = arguments
        var variables = ProcessInfo.processInfo.environment.merging(rig.bridge.environment) { _, own in own }
        let programs = CommandRunner.executable.deletingLastPathComponent().path
        variables["PATH"] = "\(programs):\(variables["PATH"] ?? "/usr/bin:/bin")"
        script.environment = variables.merging(environment) { _, own in own }
        let file = try rig.bridge.file("\(name)-\(UUID()).log", "")
        let log = try FileHandle(forWritingTo: URL(filePath: file))
        script.standardOutput = log
        script.standardError = log
        script.standardInput = FileHandle.nullDevice
        try script.run()
        let deadline = ContinuousClock.now + limit
        while script.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(100)) }
        let isOver = !script.isRunning
        if !isOver { script.terminate() }
        said = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
        status = isOver ? script.terminationStatus : nil
    }
}
