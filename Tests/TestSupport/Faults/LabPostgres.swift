import BridgeConcurrency
import Foundation
import PostgresClient

/// A PostgreSQL of a test's own, which it may stop, freeze, fill and kill; removed at the end.
package final class LabPostgres: Sendable {
    package struct Failure: Error, CustomStringConvertible { package let description: String }

    /// Its directory.
    package let directory: URL
    private let address: LockedBox<String>

    /// `deploy/lib/lab-postgres`, from the environment or beside these sources.
    package static var control: String {
        if let path = ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_LAB_POSTGRES"], !path.isEmpty { return path }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: "deploy/lib/lab-postgres").path
    }

    package static var isAvailable: Bool {
        TestDatabase.isAvailable && FileManager.default.isExecutableFile(atPath: control)
    }

    /// Lends a fresh server.
    package static func with<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (LabPostgres) async throws -> R
    ) async throws -> R {
        // PostgreSQL may run as another user, who has to pass through here.
        let place = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-lab-\(UUID())")
        try FileManager.default.createDirectory(
            at: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        let lab = LabPostgres(directory: place.appending(path: "postgres"))
        do {
            try await lab.start()
            let result = try await body(lab)
            await lab.remove(place)
            return result
        } catch {
            await lab.remove(place)
            throw error
        }
    }

    private init(directory: URL) {
        self.directory = directory
        address = LockedBox("")
    }

    /// The superuser's URL, with the password.
    package var url: String { address.withLock { $0 } }

    /// Starts it, or starts it again with its data.
    package func start() async throws {
        let (end, output) = try await Self.control("start", directory)
        guard end == .exit(0), let url = try? String(contentsOf: directory.appending(path: "url"), encoding: .utf8)
        else {
            throw Failure(description: "PostgreSQL did not start: \(output.suffix(500))")
        }
        address.withLock { $0 = url.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// Stops it at once; sessions are cut.
    package func stop() async throws {
        send(SIGCONT)
        _ = try await Self.control("stop", directory)
    }

    /// Where its files are.
    package var dataDirectory: String? {
        (try? String(contentsOf: directory.appending(path: "place"), encoding: .utf8)).map {
            $0.trimmingCharacters(in: .whitespacesAndNewlines) + "/data"
        }
    }

    /// The postmaster, while it runs.
    package var processID: pid_t? {
        guard let dataDirectory,
            let text = try? String(contentsOfFile: "\(dataDirectory)/postmaster.pid", encoding: .utf8)
        else { return nil }
        return text.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Sends a signal to the postmaster.
    package func send(_ signal: Int32) { if let processID { kill(processID, signal) } }

    /// The sessions of ha-bridge, as process ids of their backends.
    package func backends(_ session: PostgresConnection) async throws -> [pid_t] {
        let rows = try await session.query(
            """
            SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend' AND application_name LIKE 'ha-bridge%'
                AND application_name NOT LIKE '%tests%'
            """)
        var pids: [pid_t] = []
        for row in rows { pids.append(pid_t(try row[0].int)) }
        return pids
    }

    private func remove(_ place: URL) async {
        // In a task of its own, which is awaited: a cancelled test must remove its server, too.
        await Task {
            for pid in Self.group(of: processID) { kill(pid, SIGCONT) }
            _ = try? await Self.control("remove", directory)
            try? FileManager.default.removeItem(at: place)
        }.value
    }

    /// The postmaster and its children.
    private static func group(of postmaster: pid_t?) -> [pid_t] {
        guard let postmaster else { return [] }
        let children = try? String(contentsOfFile: "/proc/\(postmaster)/task/\(postmaster)/children", encoding: .utf8)
        return [postmaster] + (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    private static func control(
        _ command: String, _ directory: URL
    ) async throws -> (end: ChildProcess.End?, output: String) {
        try await ChildProcess.run("/bin/bash", [control, command, directory.path])
    }
}
