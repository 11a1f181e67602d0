import BridgeConcurrency
import Foundation
import PostgresClient

/// Sends back what it gets, for ever; one for the whole run.
final class EchoServer: Sendable {
    let port: UInt16

    private static let running = LockedBox<EchoServer?>(nil)

    static func shared() throws -> EchoServer {
        try running.withLock { running in
            if let running { return running }
            let server = try EchoServer()
            running = server
            return server
        }
    }

    private init() throws {
        let silent = try SilentServer()
        port = silent.port
        Thread {
            while true {
                let client = accept(silent.descriptor, nil, nil)
                guard client >= 0 else { return }
                Thread { Self.echo(client) }.start()
            }
        }.start()
    }

    private static func echo(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let written = bytes.withUnsafeBytes {
                    send(descriptor, $0.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
        }
        close(descriptor)
    }
}

/// A socket with bounded waits.
final class PlainClient {
    struct Refused: Error {}

    enum Outcome: Equatable {
        case bytes([UInt8])
        case end
        case reset
        case silence
    }

    private let descriptor: Int32
    /// The kernel tells of a reset once: to `send`, where it comes while that still sends, and then `recv` only sees the end.
    private var wasResetWhileSending = false

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Refused() }
    }

    deinit { close(descriptor) }

    /// Without waiting for room: what does not fit at once is not sent, but loopback buffers hold more than these tests send.
    func send(_ bytes: [UInt8]) {
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent < 0, errno == ECONNRESET { wasResetWhileSending = true }
    }

    func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Up to `count` bytes; `patience` in milliseconds.
    func read(_ count: Int, patience: Int32 = 10_000) -> Outcome {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, patience) > 0 else { return .silence }
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        if received > 0 { return .bytes(Array(bytes.prefix(received))) }
        return received == 0 && !wasResetWhileSending ? .end : .reset
    }

    /// Sends the bytes in pieces and returns what comes back.
    func exchange(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 10_000) {
            let piece = Array(bytes[start..<min(start + 10_000, bytes.count)])
            send(piece)
            var received = 0
            while received < piece.count {
                guard case .bytes(let some) = read(65_536) else { return result }
                received += some.count
                result += some
            }
        }
        return result
    }
}
