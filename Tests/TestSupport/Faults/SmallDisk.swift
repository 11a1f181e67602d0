import Foundation

/// A file system of a few megabytes in memory, which a test fills to its last byte.
package final class SmallDisk: Sendable {
    package struct Failure: Error, CustomStringConvertible { package let description: String }

    /// Where it is mounted.
    package let directory: URL

    /// Whether this process may mount one.
    package static let isAvailable: Bool = {
        guard getuid() == 0, let disk = try? SmallDisk(bytes: 1 << 20) else { return false }
        disk.remove()
        return true
    }()

    /// Mounts one on a directory of its own.
    package init(bytes: Int) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-disk-\(UUID())")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        guard mount("tmpfs", directory.path, "tmpfs", 0, "size=\(bytes),mode=0777") == 0 else {
            let code = errno
            try? FileManager.default.removeItem(at: directory)
            throw Failure(description: "No file system can be mounted here (errno \(code)).")
        }
    }

    deinit { remove() }

    private var ballast: URL { directory.appending(path: "ballast") }

    /// Takes what is left, to the last byte.
    package func fill() {
        let descriptor = open(ballast.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var size = 1 << 20
        let zeros = [UInt8](repeating: 0, count: size)
        while size > 0 { if write(descriptor, zeros, size) != size { size /= 2 } }
    }

    /// Gives back what `fill` took.
    package func relieve() { try? FileManager.default.removeItem(at: ballast) }

    /// Takes the file system away. Harmless when called twice.
    package func remove() {
        // What still runs there keeps its files until it ends.
        umount2(directory.path, Int32(MNT_DETACH))
        rmdir(directory.path)
    }
}
