import BridgeConcurrency
import Foundation

/// A TCP port in front of a PostgreSQL server, by which a test takes the server away and gives it back.
///
/// The port stays this relay's own for its whole life: while it is closed, connecting is refused.
final class ProcessRelay: Sendable {
    /// Where the server is.
    enum Server: Sendable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    struct Failure: Error { let step: String }

    private struct State {
        var listener: Int32 = -1
        var shouldListen = false
        var isStopped = false
    }

    let port: UInt16
    private let server: Server
    private let state: LockedBox<State>
    private let wakeReader: Int32
    private let wakeWriter: Int32

    /// A relay that refuses until `open`.
    init(to server: Server) throws {
        self.server = server
        let (listener, port) = try Self.bound(0)
        self.port = port
        state = LockedBox(State(listener: listener))
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(step: "pipe") }
        (wakeReader, wakeWriter) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let thread = Thread { [self] in run() }
        thread.start()
    }

    /// Takes connections from now on.
    func open() { change { $0.shouldListen = true } }

    /// Cuts every connection and refuses new ones.
    func close() { change { $0.shouldListen = false } }

    /// Ends the thread; the relay is of no more use.
    func stop() { change { $0.isStopped = true } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        var byte: UInt8 = 0
        _ = write(wakeWriter, &byte, 1)
    }

    // MARK: The thread

    private func run() {
        var pairs: [Int32: Int32] = [:]
        var listener = state.withLock { $0.listener }
        var isListening = false
        while true {
            let (shouldListen, isStopped) = state.withLock { ($0.shouldListen, $0.isStopped) }
            if isStopped || (isListening && !shouldListen) {
                for descriptor in pairs.keys { Glibc.close(descriptor) }
                pairs = [:]
                Glibc.close(listener)
                if isStopped { break }
                // Bound, but not listening: the port refuses and nobody else gets it.
                listener = (try? Self.bound(port).descriptor) ?? -1
                isListening = false
            } else if shouldListen, !isListening {
                isListening = listen(listener, 64) == 0
            }
            var requests = [pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0)]
            if isListening { requests.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
            requests += pairs.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&requests, nfds_t(requests.count), 1_000)
            for request in requests where request.revents != 0 {
                if request.fd == wakeReader {
                    var bytes = [UInt8](repeating: 0, count: 64)
                    _ = read(wakeReader, &bytes, bytes.count)
                } else if request.fd == listener {
                    accept(listener, &pairs)
                } else if let peer = pairs[request.fd], !Self.forward(request.fd, peer) {
                    pairs[request.fd] = nil
                    pairs[peer] = nil
                    Glibc.close(request.fd)
                    Glibc.close(peer)
                }
            }
        }
        Glibc.close(wakeReader)
    }

    private func accept(_ listener: Int32, _ pairs: inout [Int32: Int32]) {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        guard let peer = connected() else {
            Glibc.close(client)
            return
        }
        for descriptor in [client, peer] {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        }
        pairs[client] = peer
        pairs[peer] = client
    }

    private func connected() -> Int32? {
        let descriptor: Int32
        let status: Int32
        switch server {
        case .tcp(let host, let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.address(host, port)
            status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        if status == 0 { return descriptor }
        Glibc.close(descriptor)
        return nil
    }

    private static func forward(_ from: Int32, _ to: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(from, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        var sent = 0
        while sent < count {
            let written = bytes.withUnsafeBytes {
                send(to, $0.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    // MARK: Sockets

    /// A socket with a port on the loopback, not yet listening.
    static func bound(_ port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = address("127.0.0.1", port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard status == 0 else {
            Glibc.close(descriptor)
            throw Failure(step: "bind")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr)
        return address
    }
}
