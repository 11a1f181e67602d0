import BridgeCore

/// The outermost fields of one message of Home Assistant, as places in its frame.
package struct MessageEnvelope: Sendable {
    /// What the message is about. Unknown types are counted and skipped, so that a newer Home Assistant does no harm.
    package enum Kind: Sendable {
        case authRequired
        case authOK
        case authInvalid
        case event
        case result
        case pong
        case unknown
    }

    /// The value of `type`.
    package var kind: Kind = .unknown
    /// The command or subscription that the message answers; `nil` when it is missing or no positive integer.
    package var id: UInt64?
    /// The whole message.
    package var range: Range<Int> = 0..<0
    /// The value of `event`.
    package var event: Range<Int>?
    /// The value of `result`.
    package var result: Range<Int>?
    /// The value of `error`.
    package var error: Range<Int>?
    /// The value of `success`.
    package var success = false
    /// The value of `ha_version`.
    package var version: JSONString?
    /// The value of `message`, which `auth_invalid` carries. It may echo what was sent: never log it.
    package var message: JSONString?
}

/// Splits a frame into its messages: one object, or an array of them when messages are coalesced.
package struct MessageReader {
    private let bytes: UnsafeBufferPointer<UInt8>

    /// Reads from `bytes`, which must outlive the reader.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Calls `body` for each message in its order. Where the frame stops being JSON, the whole event messages behind that place
    /// are handed out as well, and then the error is thrown: its offset tells where the damage begins.
    package func forEachMessage(_ body: (MessageEnvelope) -> Void) throws(JSONScanError) {
        do throws(JSONScanError) {
            var scanner = JSONScanner(bytes, range: Self.withoutByteOrderMark(bytes))
            if scanner.peek() == 0x5B {
                if try scanner.enterArray() {
                    repeat { try each(&scanner, body) } while try scanner.nextElement()
                }
            } else {
                try each(&scanner, body)
            }
            try scanner.finish()
        } catch {
            if bytes.first(where: { $0 > 0x20 && $0 < 0x80 }) == 0x5B { salvage(from: error.offset, body) }
            throw error
        }
    }

    /// How Home Assistant begins each message of an event. Inside a string its quotes would be escaped.
    private static let eventMessageStart = Array(#"{"type":"event","event":{"event_type":"#.utf8)

    private static let salvageLimit = 1_000

    /// Hands out the event messages behind `offset` that are whole and stand between commas and brackets, as the elements of an
    /// array do. Each byte is looked at twice or so. A frame with more broken messages than `salvageLimit` is no accident, and its
    /// rest is not read.
    private func salvage(from offset: Int, _ body: (MessageEnvelope) -> Void) {
        // A string whose closing quote is lost ends at the next quote: the one behind the brace of the message after it.
        var position = offset - 2
        var failures = 0
        while failures < Self.salvageLimit, let start = nextEventMessage(from: position) {
            var scanner = JSONScanner(bytes, range: start..<bytes.count)
            do throws(JSONScanError) {
                // Validated, so that an attempt ends at the first fault: the brackets might be looked for up to the end, each time.
                let message = try envelope(&scanner, isValidated: true)
                if let next = scanner.peek(), next == 0x2C || next == 0x5D { body(message) }
                position = scanner.position
            } catch {
                position = max(error.offset - 2, start + 1)
                failures += 1
            }
        }
    }

    private func nextEventMessage(from offset: Int) -> Int? {
        let pattern = Self.eventMessageStart
        var index = max(offset, 1)
        while index + pattern.count <= bytes.count {
            let before = bytes[index - 1]
            if bytes[index] == 0x7B, before == 0x2C || before == 0x5B,
                pattern.elementsEqual(bytes[index..<index + pattern.count])
            {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func withoutByteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        let hasMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        return (hasMark ? 3 : 0)..<bytes.count
    }

    /// Reads one message; an array inside the array is read as if its messages stood in the outer one.
    private func each(_ scanner: inout JSONScanner, _ body: (MessageEnvelope) -> Void) throws(JSONScanError) {
        switch scanner.peek() {
        case 0x7B:
            body(try envelope(&scanner))
        case 0x5B:
            if try scanner.enterArray() {
                repeat { try each(&scanner, body) } while try scanner.nextElement()
            }
        default:
            body(MessageEnvelope(range: try scanner.skipValue()))
        }
    }

    private func envelope(
        _ scanner: inout JSONScanner, isValidated: Bool = false
    ) throws(JSONScanError) -> MessageEnvelope {
        var envelope = MessageEnvelope()
        let start = scanner.position
        if try scanner.enterObject() {
            repeat {
                let key = try scanner.key()
                if scanner.equals(key, "type") {
                    if let type = try scanner.stringOrSkip() { envelope.kind = kind(type, scanner) }
                } else if scanner.equals(key, "event") {
                    // `EventDecoder` reads it. An event that is no JSON then harms no other of its frame.
                    envelope.event = try isValidated ? scanner.skipValue() : scanner.skipUnread()
                } else if scanner.equals(key, "id") {
                    envelope.id = unsigned(try scanner.skipValue())
                } else if scanner.equals(key, "result") {
                    envelope.result = try scanner.skipValue()
                } else if scanner.equals(key, "success") {
                    let value = try scanner.skipValue()
                    envelope.success = bytes[value.lowerBound] == 0x74
                } else if scanner.equals(key, "error") {
                    envelope.error = try scanner.skipValue()
                } else if scanner.equals(key, "ha_version") {
                    envelope.version = try scanner.stringOrSkip()
                } else if scanner.equals(key, "message") {
                    envelope.message = try scanner.stringOrSkip()
                } else {
                    _ = try scanner.skipValue()
                }
            } while try scanner.nextMember()
        }
        envelope.range = start..<scanner.position
        return envelope
    }

    private func kind(_ type: JSONString, _ scanner: JSONScanner) -> MessageEnvelope.Kind {
        if scanner.equals(type, "event") { return .event }
        if scanner.equals(type, "result") { return .result }
        if scanner.equals(type, "pong") { return .pong }
        if scanner.equals(type, "auth_required") { return .authRequired }
        if scanner.equals(type, "auth_ok") { return .authOK }
        if scanner.equals(type, "auth_invalid") { return .authInvalid }
        return .unknown
    }

    private func unsigned(_ range: Range<Int>) -> UInt64? {
        guard !range.isEmpty, range.count <= 19 else { return nil }
        var value: UInt64 = 0
        for index in range {
            let digit = bytes[index] &- 0x30
            guard digit <= 9 else { return nil }
            value = value * 10 + UInt64(digit)
        }
        return value
    }
}
