/// What a server answered to a request, whatever its status.
package struct HTTPResponse: Sendable, Equatable {
    /// 200 to 599.
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}

/// Reads one response of HTTP/1.1 from the bytes of a connection. Pure, and strict where two readers could understand two things.
struct HTTPResponseReader {
    enum Outcome: Equatable {
        case incomplete
        case response(HTTPResponse)
        /// This is no HTTP/1 response, or one that may be cut in more than one way.
        case invalid
        /// The head has more than 64 KiB, or the body more than the limit.
        case tooBig
    }

    private enum Phase {
        case statusLine
        case headers
        /// So many bytes of the body are to come.
        case sized(Int)
        /// The line with the length of a chunk is next.
        case chunkLength
        case chunk(Int)
        /// The end of the line behind a chunk.
        case chunkEnd
        case trailers
        /// The body ends with the connection.
        case untilEnd
        case over
    }

    private static let headLimit = 64 << 10
    private let limit: Int
    private var phase = Phase.statusLine
    /// The present line, without its end.
    private var line: [UInt8] = []
    private var headBytes = 0
    private var status = 0
    private var length: Int?
    private var isChunked = false
    private var body: [UInt8] = []

    /// - Parameter limit: the most bytes that a body may have.
    init(limit: Int) { self.limit = limit }

    /// Takes the next bytes. After anything but `incomplete` it must not be called again.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch phase {
            case .statusLine, .headers, .chunkLength, .chunkEnd, .trailers:
                guard let whole = takeLine(&rest) else { return headBytes > Self.headLimit ? .tooBig : .incomplete }
                if headBytes > Self.headLimit { return .tooBig }
                if let outcome = read(whole) { return outcome }
            case .sized(let due), .chunk(let due):
                if let outcome = takeBody(&rest, due) { return outcome }
            case .untilEnd:
                guard rest.count <= limit - body.count else { return .tooBig }
                body.append(contentsOf: rest)
                return .incomplete
            case .over: return .invalid
            }
        }
        return .incomplete
    }

    /// The peer has ended the connection in an orderly way: what a body that only this ends has come to.
    mutating func end() -> Outcome {
        guard case .untilEnd = phase else { return .invalid }
        return finished()
    }

    /// Whether a byte of a response has come.
    var hasBegun: Bool { headBytes > 0 }

    // MARK: Lines

    /// The next line, once its end has come; a return before the line feed is no part of it.
    private mutating func takeLine(_ rest: inout Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        // One byte more than allowed is enough to see that it is too long.
        let taken = rest[..<end].prefix(Self.headLimit + 1 - min(line.count, Self.headLimit))
        line.append(contentsOf: taken)
        headBytes += taken.count + 1
        guard end < rest.endIndex else {
            rest = rest[end...]
            return nil
        }
        rest = rest[(end + 1)...]
        var whole: [UInt8] = []
        swap(&whole, &line)
        if whole.last == 0x0D { whole.removeLast() }
        return whole
    }

    /// Takes a line; an outcome, or `nil` to go on.
    private mutating func read(_ line: [UInt8]) -> Outcome? {
        switch phase {
        case .statusLine:
            guard let status = Self.status(line) else { return .invalid }
            self.status = status
            phase = .headers
        case .headers:
            guard line.isEmpty else { return readHeader(line) ? nil : .invalid }
            return headEnded()
        case .chunkLength:
            let digits = line.prefix { $0 != 0x3B && $0 != 0x20 }
            guard (1...15).contains(digits.count), let count = Int(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.first != 0x2B, digits.first != 0x2D
            else { return .invalid }
            guard count <= limit - body.count else { return .tooBig }
            phase = count == 0 ? .trailers : .chunk(count)
            headBytes = 1
        case .chunkEnd:
            guard line.isEmpty else { return .invalid }
            phase = .chunkLength
        case .trailers:
            if line.isEmpty { return finished() }
        case .sized, .chunk, .untilEnd, .over: return .invalid
        }
        return nil
    }

    /// `HTTP/1.1 200 OK`.
    static func status(_ line: [UInt8]) -> Int? {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, ["HTTP/1.1", "HTTP/1.0"].contains(String(decoding: parts[0], as: UTF8.self)),
            parts[1].count == 3, parts[1].allSatisfy({ (0x30...0x39).contains($0) }),
            let status = Int(String(decoding: parts[1], as: UTF8.self)), (100...599).contains(status)
        else { return nil }
        return status
    }

    private mutating func readHeader(_ line: [UInt8]) -> Bool {
        guard let colon = line.firstIndex(of: 0x3A), colon > 0,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return false }
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self).lowercased()
            .split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "content-length":
            guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
            // A length with more digits than a number holds is too big in any case.
            let count = Int(value) ?? .max
            guard length == nil || length == count else { return false }
            length = count
        case "transfer-encoding":
            guard value == "chunked", !isChunked else { return false }
            isChunked = true
        // None was allowed by the request.
        case "content-encoding": return value == "identity"
        default: break
        }
        return true
    }

    private mutating func headEnded() -> Outcome? {
        switch status {
        // Nothing else was asked for.
        case 101: return .invalid
        case 100..<200:
            phase = .statusLine
            length = nil
            isChunked = false
            return nil
        case 204, 304: return finished()
        default: break
        }
        // With both, the one who is in front may have counted otherwise.
        if isChunked, length != nil { return .invalid }
        if isChunked {
            phase = .chunkLength
        } else if let length {
            guard length <= limit else { return .tooBig }
            if length == 0 { return finished() }
            body.reserveCapacity(length)
            phase = .sized(length)
        } else {
            phase = .untilEnd
        }
        return nil
    }

    // MARK: The body

    /// Takes up to `due` bytes of a body; an outcome, or `nil` to go on.
    private mutating func takeBody(_ rest: inout Slice<UnsafeRawBufferPointer>, _ due: Int) -> Outcome? {
        let taken = rest.prefix(due)
        body.append(contentsOf: taken)
        rest = rest[taken.endIndex...]
        let left = due - taken.count
        if case .chunk = phase {
            phase = left == 0 ? .chunkEnd : .chunk(left)
            return nil
        }
        phase = .sized(left)
        return left == 0 ? finished() : nil
    }

    private mutating func finished() -> Outcome {
        phase = .over
        var whole: [UInt8] = []
        swap(&whole, &body)
        return .response(HTTPResponse(status: status, body: whole))
    }
}
