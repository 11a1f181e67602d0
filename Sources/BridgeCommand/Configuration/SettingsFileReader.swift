import Glibc

/// Reads the configuration file.
enum SettingsFileReader {
    /// Why a file cannot be read, in the system's words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The text of the file, at most one byte more than the limit on its size, so that the caller sees that it is too large.
    static func read(_ path: String) throws -> String {
        // Not blocking: a pipe in the place of the file must not hold the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while content.count <= ConfigurationFile.sizeLimit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
            if count == 0 { break }
            content += buffer[0..<count]
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Failure(description: "it is not UTF-8 text")
        }
        return text
    }
}
