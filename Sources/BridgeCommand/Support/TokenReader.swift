import BridgeCore
import Glibc

/// Reads an access token of Home Assistant from a file or from standard input, never from an argument: arguments show in `ps`
/// and in the history of the shell.
///
/// The bytes go from a buffer that is wiped afterwards straight into a `Secret`; no `String` ever holds them.
struct TokenReader {
    /// A token, and what the person should know about the file it came from.
    struct Reading {
        let token: Secret
        let warning: String?
    }

    /// Home Assistant's tokens have about 180 characters; 8 KB leaves room for those of a proxy.
    static let maximumSize = 8_192

    /// Called for standard input when a person sits before it.
    var askForToken: () -> Void = {}

    /// Reads the token from the file at `path`, or from standard input where that is `-`.
    ///
    /// Throws a `CommandFailure` whose message names the file and never its content.
    func read(_ path: String) throws -> Reading {
        guard path != "-" else {
            return Reading(token: try readStandardInput(), warning: nil)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandFailure(.usage, "\(path) is a directory. Give the file that holds the token.")
        }
        let token = try readToken(from: descriptor, named: path)
        // A pipe or a terminal has no mode that means anything here.
        let isExposed = status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o077 != 0
        let warning = "Warning: other users of this machine can read \(path). Run: chmod 600 \(path)"
        return Reading(token: token, warning: isExposed ? warning : nil)
    }

    private func readStandardInput() throws -> Secret {
        guard isatty(STDIN_FILENO) == 1 else { return try readToken(from: STDIN_FILENO, named: "standard input") }
        askForToken()
        return try HiddenInput.whileHidden { try readToken(from: STDIN_FILENO, named: "the terminal") }
    }

    /// Reads to the end of `descriptor`, or to the end of the line on a terminal.
    func readToken(from descriptor: Int32, named name: String) throws -> Secret {
        // One byte more than allowed tells a token that is too long from one that just fits, newline included.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.maximumSize + 3, alignment: 16)
        defer {
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            buffer.deallocate()
        }
        let isTerminal = isatty(descriptor) == 1
        var count = 0
        while count < buffer.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let got = Glibc.read(descriptor, room.baseAddress, room.count)
            if got < 0 {
                if errno == EINTR { continue }
                throw Self.unreadable(name, errno)
            }
            if got == 0 { break }
            count += got
            if isTerminal, buffer[count - 1] == 0x0A { break }
        }
        return Secret(try Self.checked(UnsafeRawBufferPointer(rebasing: buffer[..<count]), name))
    }

    /// The part of `bytes` that is the token: without one newline at its end.
    private static func checked(_ bytes: UnsafeRawBufferPointer, _ name: String) throws -> UnsafeRawBufferPointer {
        var end = bytes.count
        if end > 0, bytes[end - 1] == 0x0A {
            end -= 1
            if end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        }
        guard end > 0 else {
            throw CommandFailure(
                .usage, "There is no token in \(name): it is empty. Put the token in and nothing else.")
        }
        guard end <= maximumSize else {
            throw CommandFailure(
                .usage, "What \(name) holds is longer than \(maximumSize) bytes and so no token. Nothing was stored.")
        }
        let token = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        guard !token.contains(where: { $0 == 0x20 || (0x09...0x0D).contains($0) }) else {
            throw CommandFailure(
                .usage, "The token in \(name) has white space inside. Put the token alone on one line.")
        }
        guard token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandFailure(
                .usage, "What \(name) holds is no token: it has characters that are not printable ASCII.")
        }
        return token
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CommandFailure {
        let reason = String(cString: strerror(code))
        let status: ExitStatus = code == EACCES || code == EPERM ? .permission : .usage
        return CommandFailure(status, "Cannot read the token from \(path) (\(reason)).")
    }
}
