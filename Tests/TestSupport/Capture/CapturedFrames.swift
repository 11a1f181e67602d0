import Foundation

/// Frames that a real Home Assistant sent, recorded byte for byte (`Fixtures/`, tokens blanked).
package enum CapturedFrames {
    /// The releases that were recorded.
    package static let releases = ["2025.4.4", "2024.3.3"]

    /// All text frames of one release, in their order, from several connections one after another.
    package static func load(_ release: String) throws -> [[UInt8]] {
        guard
            let file = Bundle.module.url(
                forResource: "home-assistant-\(release)", withExtension: "jsonl.gz", subdirectory: "Fixtures")
        else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-dc", file.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return data.split(separator: 0x0A).map { Array($0) }
    }
}
