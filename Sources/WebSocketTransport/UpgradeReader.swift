import CLibWebSockets

/// The upgrade of RFC 6455 as the client sees it: its request, and what the answer must be. Pure.
struct UpgradeReader {
    enum Outcome: Equatable {
        case incomplete
        /// The connection is a WebSocket from the next byte on.
        case upgraded
        /// Another status than 101.
        case refused(status: Int)
        /// This is no HTTP/1 response, or one that does not agree to what was asked.
        case invalid
    }

    private static let headLimit = 64 << 10
    private static let lineFeed = UInt8(ascii: "\n")
    /// What the request asks to be proven.
    let key: String
    private var line: [UInt8] = []
    private var headBytes = 0
    private var status: Int?
    private var headers: [(name: String, value: String)] = []

    /// With a fresh key.
    init() { self.init(key: Self.base64((0..<16).map { _ in UInt8.random(in: .min ... .max) })) }

    init(key: String) { self.key = key }

    /// The request. It offers no extension and no subprotocol.
    func request(to target: WebSocketTarget) -> [UInt8] {
        Array(
            """
            GET \(target.path) HTTP/1.1\r\nHost: \(target.hostHeader)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n\r\n
            """.utf8)
    }

    /// Takes bytes of the answer up to the end of its head: what is left in `rest` then are frames.
    mutating func take(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Outcome {
        while let byte = rest.popFirst() {
            headBytes += 1
            guard headBytes <= Self.headLimit else { return .invalid }
            guard byte == Self.lineFeed else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            defer { line.removeAll(keepingCapacity: true) }
            if status == nil {
                guard let status = HTTPResponseReader.status(line) else { return .invalid }
                self.status = status
            } else if !line.isEmpty {
                guard let header = Self.header(line) else { return .invalid }
                headers.append(header)
            } else if let outcome = headEnded() {
                return outcome
            }
        }
        return .incomplete
    }

    /// What the server has to answer to `key`.
    static func proof(of key: String) -> String? {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(text, text.count, &digest, &count, EVP_sha1(), nil) == 1 else { return nil }
        return base64(Array(digest.prefix(Int(count))))
    }

    private mutating func headEnded() -> Outcome? {
        guard let status else { return .invalid }
        switch status {
        case 101: return isAgreed ? .upgraded : .invalid
        case 100..<200:
            // A word before the answer.
            self.status = nil
            headers = []
            return nil
        default: return .refused(status: status)
        }
    }

    private var isAgreed: Bool {
        let upgrades = values("upgrade").map { $0.lowercased() }
        let connection = values("connection").flatMap {
            $0.lowercased().split(whereSeparator: { $0 == "," || $0 == " " })
        }
        // Nothing was offered that could have been chosen.
        let chosen = values("sec-websocket-extensions") + values("sec-websocket-protocol")
        return upgrades == ["websocket"] && connection.contains("upgrade") && chosen.isEmpty
            && values("sec-websocket-accept") == [Self.proof(of: key) ?? ""]
    }

    private func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    private static func header(_ line: [UInt8]) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        let end = value.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? value.startIndex
        return (
            String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value[..<end], as: UTF8.self)
        )
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }
}
