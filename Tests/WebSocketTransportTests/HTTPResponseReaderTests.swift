import TestSupport
import Testing

@testable import WebSocketTransport

struct HTTPResponseReaderTests {
    /// Reads `pieces` one after another; the outcome of the first that ends it.
    private func read(_ pieces: [[UInt8]], limit: Int = 1_000, thenEnds: Bool = false) -> HTTPResponseReader.Outcome {
        var reader = HTTPResponseReader(limit: limit)
        for piece in pieces {
            let outcome = piece.withUnsafeBytes { reader.append($0) }
            if outcome != .incomplete { return outcome }
        }
        return thenEnds ? reader.end() : .incomplete
    }

    private static let good: [(String, Int, String, Bool)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false),
        ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", false),
        ("HTTP/1.0 404\r\ncontent-length:0\r\n\r\n", 404, "", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200, "ab", false),
        ("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", 302, "", false),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, "", false),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n, worlds!!\r\n0\r\nT: v\r\n\r\n",
            200,
            "hello, worlds!!", false
        ),
        ("HTTP/1.1 500 E\r\nContent-Type: text/plain\r\n\r\n500 Error", 500, "500 Error", true),
        ("HTTP/1.1 200 OK\r\n\r\n", 200, "", true),
    ]

    @Test(arguments: good)
    func readsTheSameHoweverItIsCut(text: String, status: Int, body: String, thenEnds: Bool) {
        let bytes = Array(text.utf8)
        let expected = HTTPResponseReader.Outcome.response(HTTPResponse(status: status, body: Array(body.utf8)))
        #expect(read([bytes], thenEnds: thenEnds) == expected)
        #expect(read(bytes.map { [$0] }, thenEnds: thenEnds) == expected)
        for cut in bytes.indices {
            #expect(read([Array(bytes[..<cut]), Array(bytes[cut...])], thenEnds: thenEnds) == expected)
        }
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
    ])
    func refusesWhatIsNoResponse(text: String) {
        let bytes = Array(text.utf8)
        #expect(read([bytes]) == .invalid)
        #expect(read(bytes.map { [$0] }) == .invalid)
    }

    @Test func holdsTheLimits() {
        let head = "HTTP/1.1 200 OK\r\n"
        #expect(read([Array("\(head)Content-Length: 1001\r\n\r\n".utf8)]) == .tooBig)
        #expect(read([Array("\(head)Content-Length: 99999999999999999999\r\n\r\n".utf8)]) == .tooBig)
        #expect(read([Array("\(head)Transfer-Encoding: chunked\r\n\r\n3E9\r\n".utf8)]) == .tooBig)
        let chunk = Array("100\r\n".utf8) + Array(repeating: 0x61, count: 256) + Array("\r\n".utf8)
        let chunks = [Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)] + Array(repeating: chunk, count: 4)
        #expect(read(chunks) == .tooBig)
        #expect(read([Array("\(head)\r\n".utf8), Array(repeating: 0x61, count: 1_001)]) == .tooBig)
        let line = Array("X: ".utf8) + Array(repeating: 0x61, count: 70_000)
        #expect(read([Array(head.utf8), line]) == .tooBig)
        let headers = Array(repeating: Array("X: y\r\n".utf8), count: 20_000)
        #expect(read([Array(head.utf8)] + headers) == .tooBig)
    }

    @Test func anEndBeforeTheLastByteIsNoResponse() {
        for text in [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        ] {
            #expect(read([Array(text.utf8)], thenEnds: true) == .invalid)
        }
    }

    @Test func bentResponsesEndOneWayHoweverTheyAreCut() {
        var generator = SeededGenerator(seed: TestSeed.value)
        for _ in 0..<3_000 {
            var bytes = Array(Self.good[.random(in: 0..<Self.good.count, using: &generator)].0.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = .random(in: 0...255, using: &generator)
                case 1: bytes.insert(bytes[.random(in: 0..<bytes.count, using: &generator)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            #expect(
                read([bytes], thenEnds: true) == read(bytes.map { [$0] }, thenEnds: true), "seed \(TestSeed.value)")
        }
    }
}
