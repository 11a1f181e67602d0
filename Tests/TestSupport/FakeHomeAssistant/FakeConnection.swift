import BridgeConcurrency
import COpenSSL
import Foundation

/// One connection of a `FakeHomeAssistant`: a thread that reads and answers, and functions by which a test writes.
package final class FakeConnection: Sendable {
    struct Session {
        var isCoalescing = false
        var subscriptions: [Int: String?] = [:]
        var lastID = 0
        var outbox: FakeOutbox?
        var isOver = false
    }

    /// Its place in `FakeRecord.connections`.
    package let number: Int

    let channel: FakeChannel
    let session = LockedBox(Session())
    private let isSecure: Bool
    /// Weak, because the server holds its connections.
    private weak let owner: FakeHomeAssistant?

    init(number: Int, channel: FakeChannel, isSecure: Bool, server: FakeHomeAssistant) {
        self.number = number
        self.channel = channel
        self.isSecure = isSecure
        owner = server
    }

    var server: FakeHomeAssistant? { owner }
    var behaviour: FakeBehaviour { owner?.behaviour ?? FakeBehaviour() }

    // MARK: For tests

    /// Sends bytes as they are.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { channel.write($0) } }

    /// Sends one text message.
    @discardableResult
    package func send(_ text: String) -> Bool { send([FakeOutbox.Message(text: text)]) }

    /// Sends a close frame; the connection ends when the client has answered it. What waits to be sent is forgotten.
    package func close(code: UInt16) { close(code: code, afterWaiting: false) }

    func close(code: UInt16, afterWaiting: Bool) {
        if let outbox = session.withLock({ $0.outbox }) {
            outbox.close(code: code, afterWaiting: afterWaiting)
        } else {
            write(ServerFrame.close(code: code))
        }
    }

    /// Ends TCP without a close frame.
    package func drop() { channel.shutDown() }

    /// Ends the connection by a TCP reset.
    package func reset() { channel.reset() }

    /// Begins a message and resets TCP in the middle of it.
    package func resetWithinFrame() {
        write(ServerFrame.header(length: 10_000, opcode: .text, isFinal: true) + Array(repeating: 0x20, count: 5_000))
        reset()
    }

    /// Sends the head of a frame that announces `length` bytes, and `sent` of them.
    package func announce(length: UInt64, sent: Int) {
        write(ServerFrame.header(length: length, opcode: .text, isFinal: true) + Array(repeating: 0x20, count: sent))
    }

    /// Sends a message that never ends, until the client hangs up or `limit` bytes are out. Returns the bytes sent.
    package func sendEndlessly(pieceBytes: Int = 1 << 20, limit: Int) -> Int {
        let piece = Array(repeating: UInt8(0x20), count: pieceBytes)
        let next = ServerFrame.encode(piece, opcode: .continuation, isFinal: false)
        var sent = 0
        guard write(ServerFrame.encode(piece, opcode: .text, isFinal: false)) else { return 0 }
        sent += pieceBytes
        while sent < limit, write(next) { sent += pieceBytes }
        return sent
    }

    /// Sends a text message that is not UTF-8.
    package func sendInvalidUTF8() {
        write(ServerFrame.encode(Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)))
    }

    /// Sends a WebSocket ping.
    package func ping(_ payload: [UInt8] = []) { write(ServerFrame.encode(payload, opcode: .ping)) }

    // MARK: The queue

    /// Sends messages by the queue, if the behaviour has one, else at once.
    @discardableResult
    func send(_ messages: [FakeOutbox.Message]) -> Bool {
        if let outbox { return outbox.enqueue(messages) }
        for message in messages { guard write(ServerFrame.text(message.text)) else { return false } }
        return true
    }

    private var outbox: FakeOutbox? {
        let rule = behaviour.queue
        return session.withLock { session in
            if session.outbox == nil, !session.isOver, let rule {
                session.outbox = FakeOutbox(connection: self, rule: rule)
            }
            return session.outbox
        }
    }

    private func endOutbox() {
        let outbox = session.withLock { session in
            defer { session.outbox = nil }
            session.isOver = true
            return session.outbox
        }
        outbox?.end()
    }

    // MARK: The thread

    func run() {
        serve()
        endOutbox()
        channel.shutDown()
        owner?.ended(number)
    }

    private func serve() {
        let stall = behaviour.stall
        if isSecure {
            if stall == .tlsHandshake { return drain() }
            guard channel.acceptTLS() else { return }
        }
        guard let head = readHead() else { return }
        owner?.note(number) { $0.requestHead = head.text }
        if stall == .upgrade { return drain() }
        if let answer = behaviour.httpAnswer { return send(answer) }
        guard let key = Self.header("sec-websocket-key", in: head.text) else {
            if answerRequest(head: head.text, rest: head.rest) { return }
            return send(FakeBehaviour.HTTPAnswer(status: 400))
        }
        let upgrade =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(Self.acceptance(of: key))\r\n\r\n"
        guard write(Array(upgrade.utf8)) else { return }
        owner?.note(number) { $0.isUpgraded = true }
        if stall != .authRequired {
            send(behaviour.greeting ?? "{\"type\":\"auth_required\",\"ha_version\":\"\(behaviour.version)\"}")
        }
        converse(after: head.rest)
    }

    /// Reads and forgets, until the client goes away.
    func drain() {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
            // Below TLS, if it was not agreed: these bytes are not the application's and are not counted.
            while recv(channel.descriptor, buffer.baseAddress, buffer.count, 0) != 0 {
                var request = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&request, 1, -1) >= 0, request.revents & Int16(POLLHUP | POLLERR) == 0 else { return }
            }
        }
    }

    private func readHead() -> (text: String, rest: [UInt8])? {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while bytes.count < 1 << 16 {
            guard let more = readSome() else { return nil }
            bytes += more
            for start in stride(from: 0, through: bytes.count - 4, by: 1) where Array(bytes[start..<(start + 4)]) == end
            {
                return (String(decoding: bytes[..<start], as: UTF8.self), Array(bytes[(start + 4)...]))
            }
        }
        return nil
    }

    func readSome() -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = channel.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        guard !bytes.isEmpty else { return nil }
        owner?.note(number) { $0.byteCount += bytes.count }
        return bytes
    }

    private func converse(after first: [UInt8]) {
        var reader = ClientFrameReader()
        first.withUnsafeBytes { reader.append($0) }
        var message: [UInt8] = []
        while true {
            while let frame = reader.next() {
                switch frame.opcode {
                case 0, 1, 2:
                    message += frame.payload
                    guard frame.isFinal else { continue }
                    let text = String(decoding: message, as: UTF8.self)
                    message = []
                    if behaviour.recordsReceived { owner?.note(number) { $0.messages.append(text) } }
                    guard answer(text) else { return }
                case 8:
                    let code =
                        frame.payload.count >= 2 ? UInt16(frame.payload[0]) << 8 | UInt16(frame.payload[1]) : 1005
                    owner?.note(number) { $0.closeCode = code }
                    write(ServerFrame.encode(frame.payload, opcode: .close))
                    return
                case 9:
                    owner?.note(number) { $0.webSocketPings += 1 }
                    if behaviour.answersWebSocketPings { write(ServerFrame.encode(frame.payload, opcode: .pong)) }
                default: break
                }
            }
            guard let more = readSome() else { return }
            more.withUnsafeBytes { reader.append($0) }
        }
    }

    // MARK: HTTP

    private func send(_ answer: FakeBehaviour.HTTPAnswer) {
        let lines =
            ["HTTP/1.1 \(answer.status) Status", "Content-Length: \(answer.body.utf8.count)", "Connection: close"]
            + answer.headers
        write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + answer.body).utf8))
    }

    static func header(_ name: String, in head: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name else { continue }
            return parts[1].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    private static func acceptance(of key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        var size: UInt32 = 0
        EVP_Digest(text, text.count, &digest, &size, EVP_sha1(), nil)
        return Data(digest).base64EncodedString()
    }
}
