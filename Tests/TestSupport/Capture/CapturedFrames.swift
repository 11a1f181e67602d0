import Foundation

/// Frames that a real Home Assistant sent, recorded byte for byte (`Fixtures/`, tokens blanked).
package enum CapturedFrames {
    /// The releases that were recorded.
    package static let releases = ["2025.4.4", "2024.3.3"]

    /// All text frames of one release, in their order, from several connections one after another.
    package static func load(_ release: String) throws -> RecordedFrames {
        guard
            let file = Bundle.module.url(
                forResource: "home-assistant-\(release)", withExtension: "jsonl.gz", subdirectory: "Fixtures")
        else { throw CocoaError(.fileNoSuchFile) }
        return try RecordedFrames(path: file.path)
    }
}
