import TestSupport
import Testing

@testable import WebSocketTransport

@Suite struct FrameTests {
    /// What `bytes` come to when they arrive in pieces of `piece` bytes, and how that ended.
    private func read(_ bytes: [UInt8], piece: Int = .max, limit: Int = 1 << 20) -> (items: [String], end: String) {
        var reader = FrameReader(limit: limit)
        var items: [String] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(piece, bytes.count - start)
            let failure = bytes[start..<end].withUnsafeBytes { chunk -> String? in
                var rest = chunk[...]
                do throws(FrameReader.Failure) {
                    while let item = try reader.next(&rest) { items.append(Self.text(item)) }
                    return rest.isEmpty ? nil : "left bytes"
                } catch {
                    return "\(error)"
                }
            }
            if let failure { return (items, failure) }
            start = end
        }
        return (items, "ok")
    }

    private static func text(_ item: FrameReader.Item) -> String {
        switch item {
        case .message(let bytes): "message \(String(decoding: bytes, as: UTF8.self))"
        case .ping(let bytes): "ping \(String(decoding: bytes, as: UTF8.self))"
        case .pong: "pong"
        case .close(let code): "close \(code)"
        }
    }

    @Test(arguments: [1, 2, 3, 5, 64, 200, .max]) func readsTheSameHoweverItIsCut(piece: Int) {
        let long = String(repeating: "x", count: 70_000)
        let middle = String(repeating: "y", count: 200)
        var bytes = ServerFrame.text("one") + ServerFrame.text("") + ServerFrame.text(middle)
        bytes += ServerFrame.encode(Array("a".utf8), isFinal: false)
        bytes += ServerFrame.encode(Array("there?".utf8), opcode: .ping)
        bytes += ServerFrame.encode([], opcode: .continuation, isFinal: false)
        bytes += ServerFrame.encode(Array("b".utf8), opcode: .continuation)
        bytes += ServerFrame.encode([1, 2], opcode: .binary) + ServerFrame.text(long)
        bytes += [0x8A, 0x00, 0x88, 0x02, 0x03, 0xE8, 0x88, 0x00]
        let (items, end) = read(bytes, piece: piece)
        #expect(end == "ok")
        #expect(
            items == [
                "message one", "message ", "message \(middle)", "ping there?", "message ab", "message \(long)", "pong",
                "close 1000", "close 1005",
            ])
    }

    @Test(
        arguments: [
            [0xC1, 0x00],  // a reserved bit
            [0x81, 0x81, 1, 2, 3, 4, 5],  // masked
            [0x83, 0x00],  // an opcode that is none
            [0x80, 0x00],  // the rest of nothing
            [0x01, 0x00, 0x81, 0x00],  // a message within a message
            [0x09, 0x00],  // a ping in pieces
            [0x89, 0x7E, 0x00, 0x7E],  // a ping of 126 bytes
            [0x88, 0x01, 0x03],  // half a code
            [0x81, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0],  // a length with its highest bit
        ] as [[UInt8]]) func refusesWhatTheProtocolDoesNotAllow(bytes: [UInt8])
    {
        #expect(read(bytes).end == "invalid")
        #expect(read(bytes, piece: 1).end == "invalid")
    }

    @Test func givesUpAMessageThatIsTooBigWhenItIsAnnounced() {
        #expect(read(ServerFrame.encode(Array(repeating: 0x61, count: 10)), limit: 10).end == "ok")
        #expect(read([0x81, 0x0B, 0x61], limit: 10).end == "tooBig")
        #expect(read([0x81, 0x7F, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x61], limit: 10).end == "tooBig")
        let pieces = ServerFrame.encode(Array(repeating: 0x61, count: 6), isFinal: false)
        #expect(
            read(pieces + ServerFrame.encode(Array(repeating: 0x61, count: 6), opcode: .continuation), limit: 10).end
                == "tooBig")
    }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536]) func masksWhatItSends(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let header = FrameHeader(opcode: .text, count: count, key: 0x0102_0304)
        var masked = payload
        masked.withUnsafeMutableBytes { header.mask($0) }
        let length: [UInt8] =
            switch count {
            case ..<126: [0x80 | UInt8(count)]
            case ..<65_536: [0xFE, UInt8(count >> 8), UInt8(count & 0xFF)]
            default: [0xFF, 0, 0, 0, 0, 0, 1, 0, 0]
            }
        #expect(header.bytes == [0x81] + length + [1, 2, 3, 4])
        #expect(masked == payload.enumerated().map { $1 ^ [1, 2, 3, 4][$0 % 4] })
        #expect(Set((0..<8).map { _ in FrameHeader(opcode: .text, count: 1).bytes }).count == 8)
    }

    // MARK: The upgrade

    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let agreed =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    /// The outcome, and what was left for the frames.
    private func upgrade(_ text: String, piece: Int = .max) -> (UpgradeReader.Outcome, String) {
        var reader = UpgradeReader(key: Self.key)
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = start + min(piece, bytes.count - start)
            let (outcome, rest) = bytes[start..<end].withUnsafeBytes { chunk in
                var rest = chunk[...]
                let outcome = reader.take(&rest)
                return (outcome, String(decoding: rest, as: UTF8.self))
            }
            if outcome != .incomplete { return (outcome, rest) }
            start = end
        }
        return (.incomplete, "")
    }

    @Test(arguments: [1, 7, .max]) func agreesToAnUpgrade(piece: Int) {
        #expect(upgrade(Self.agreed + "\r\n", piece: piece) == (.upgraded, ""))
        #expect(
            upgrade("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Self.agreed + "\r\n", piece: piece) == (
                .upgraded, ""
            ))
        #expect(upgrade(Self.agreed + "\r\nframes") == (.upgraded, "frames"))
        #expect(upgrade(Self.agreed, piece: piece) == (.incomplete, ""))
        #expect(upgrade("HTTP/1.1 403 Forbidden\r\n\r\nno", piece: piece).0 == .refused(status: 403))
    }

    @Test(arguments: [
        "\r\n", "SSH-2.0-OpenSSH_9\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.1 101 Yes\r\n\r\n",
        agreed.replacing("s3pP", with: "S3pP") + "\r\n",
        agreed.replacing("Upgrade: WebSocket", with: "Upgrade: h2c") + "\r\n",
        agreed.replacing("keep-alive, Upgrade", with: "close") + "\r\n",
        agreed + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        agreed + "Sec-WebSocket-Protocol: mqtt\r\n\r\n", agreed + " folded\r\n\r\n", agreed + "no colon\r\n\r\n",
    ]) func refusesAnAnswerThatDoesNotAgree(text: String) { #expect(upgrade(text).0 == .invalid) }

    @Test func givesUpAHeadThatDoesNotEnd() {
        #expect(upgrade(Self.agreed + "X: " + String(repeating: "x", count: 70_000)).0 == .invalid)
    }

    @Test func asksAnew() {
        let (first, second) = (UpgradeReader(), UpgradeReader())
        #expect(first.key != second.key)
        #expect(first.key.count == 24)
    }
}
