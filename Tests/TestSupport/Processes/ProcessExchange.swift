import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// One request over HTTP with nothing in between: what a test asks of the process, or of a real Home Assistant.
package struct ProcessExchange: Sendable {
    /// Zero when nobody answered.
    package let status: Int
    package let body: String

    /// The body as JSON.
    package var json: Any? { try? JSONSerialization.jsonObject(with: Data(body.utf8)) }

    /// Asks, and waits for the whole answer for at most `limit` seconds.
    package static func ask(
        _ method: String = "GET", host: String = "127.0.0.1", port: UInt16, path: String, headers: [String] = [],
        body: String = "", limit: Int = 20
    ) -> ProcessExchange {
        let nobody = ProcessExchange(status: 0, body: "")
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family = AF_INET
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let place = found else { return nobody }
        defer { freeaddrinfo(place) }
        let descriptor = socket(place.pointee.ai_family, place.pointee.ai_socktype, 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: limit, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0 else { return nobody }
        // HTTP/1.0: the answer ends with the connection and comes in one piece.
        let lines =
            ["\(method) \(path) HTTP/1.0", "Host: \(host):\(port)", "Connection: close"] + headers
            + ["Content-Length: \(body.utf8.count)", "", body]
        let request = Array(lines.joined(separator: "\r\n").utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nobody }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n"), let status = text.split(separator: " ").dropFirst().first else {
            return nobody
        }
        return ProcessExchange(status: Int(status) ?? 0, body: String(text[end.upperBound...]))
    }
}
