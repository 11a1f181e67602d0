import BridgeCore
import BridgeConcurrency
import FoundationEssentials
import Glibc
import Observability

/// Asks the running bridge on this machine for its own picture of its health.
///
/// Works on a thread of its own, since it waits in `poll`; the whole question takes at most `limit`.
actor HealthProbe {
    private let executor = ThreadExecutor(name: "health-probe")
    private let limit: Duration
    /// `/healthz` of hundreds of connections has some hundred kilobytes.
    private static let maximumSize = 4 << 20

    init(limit: Duration = .seconds(1)) { self.limit = limit }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The answer to `/healthz`, or `nil` when no bridge answers in time with JSON.
    func ask(_ address: HTTPAddress) -> JSONValue? {
        let end = ContinuousClock.now + limit
        guard let descriptor = connect(to: address, until: end) else { return nil }
        defer { close(descriptor) }
        let request =
            "GET /healthz HTTP/1.1\r\nHost: \(address)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        guard send(Array(request.utf8), on: descriptor, until: end),
            let answer = receive(from: descriptor, until: end)
        else { return nil }
        return Self.body(of: answer).flatMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0)) }
    }

    private func connect(to address: HTTPAddress, until end: ContinuousClock.Instant) -> Int32? {
        // Who listens everywhere is reached on the loopback.
        let hosts = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        let names = address.host == "localhost" ? ["127.0.0.1", "::1"] : [hosts[address.host] ?? address.host]
        for name in names {
            if let descriptor = connect(toNumeric: name, port: address.port, until: end) { return descriptor }
        }
        return nil
    }

    private func connect(toNumeric name: String, port: Int, until end: ContinuousClock.Instant) -> Int32? {
        var hints = addrinfo()
        // Numeric only: a resolver could wait for longer than a status may take.
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, String(port), &hints, &list) == 0, let first = list else { return nil }
        defer { freeaddrinfo(list) }
        let type = first.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(first.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { return nil }
        let status = Glibc.connect(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen)
        guard status == 0 || errno == EINPROGRESS, wait(descriptor, POLLOUT, until: end),
            errorOf(descriptor) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func send(_ bytes: [UInt8], on descriptor: Int32, until end: ContinuousClock.Instant) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait(descriptor, POLLOUT, until: end) else { return false }
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EAGAIN || errno == EINTR { continue }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    private func receive(from descriptor: Int32, until end: ContinuousClock.Instant) -> [UInt8]? {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while answer.count < Self.maximumSize {
            guard wait(descriptor, POLLIN, until: end) else { return nil }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return answer }
            answer += buffer[..<count]
            if Self.isComplete(answer) { return answer }
        }
        return nil
    }

    private func wait(_ descriptor: Int32, _ events: Int32, until end: ContinuousClock.Instant) -> Bool {
        while true {
            let left = TimeText.milliseconds(ContinuousClock.now.duration(to: end))
            guard left > 0 else { return false }
            var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&waiting, 1, Int32(left))
            if count < 0, errno == EINTR { continue }
            return count > 0
        }
    }

    private func errorOf(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
        return code
    }
}

extension HealthProbe {
    private static let separator = Array("\r\n\r\n".utf8)

    private static func split(_ answer: [UInt8]) -> (head: [Substring], body: ArraySlice<UInt8>)? {
        guard answer.count >= separator.count,
            let index = (0...(answer.count - separator.count)).first(where: {
                answer[$0..<$0 + separator.count].elementsEqual(separator)
            })
        else { return nil }
        let head = String(decoding: answer[..<index], as: UTF8.self)
        return (head.split(whereSeparator: \.isNewline), answer[(index + separator.count)...])
    }

    private static func contentLength(_ head: [Substring]) -> Int? {
        for line in head.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            return Int(parts[1].filter { !$0.isWhitespace })
        }
        return nil
    }

    private static func isComplete(_ answer: [UInt8]) -> Bool {
        guard let (head, body) = split(answer), let length = contentLength(head) else { return false }
        return body.count >= length
    }

    /// The body of an answer of any status: an unhealthy bridge tells why with 503. Chunked bodies are none of ours.
    static func body(of answer: [UInt8]) -> [UInt8]? {
        guard let (head, body) = split(answer), head.first?.hasPrefix("HTTP/1.") == true else { return nil }
        guard let length = contentLength(head) else { return Array(body) }
        return body.count >= length ? Array(body.prefix(length)) : nil
    }
}
