/// Makes events and frames that are mostly Home Assistant's and partly terrible.
struct EventForge {
    var generator: SeededGenerator
    /// Events made so far: each has a time of its own, and so an identity of its own.
    private(set) var count = 0
    /// Event objects that a real Home Assistant sent.
    let captured: [[UInt8]]

    init(generator: SeededGenerator, captured: [[UInt8]] = []) {
        self.generator = generator
        self.captured = captured
    }

    // MARK: Frames

    /// The message that carries `event`, its keys in any order.
    mutating func message(_ event: [UInt8], id: String = "2") -> [UInt8] {
        var members = [
            Array(#""type":"event""#.utf8), Array(#""event":"#.utf8) + event, Array("\"id\":\(id)".utf8),
        ]
        if generator.once(in: 6) { members.shuffle(using: &generator) }
        return [0x7B] + members.joined(separator: [0x2C]) + [0x7D]
    }

    /// Puts messages into one frame: an array, with empty arrays and arrays in arrays now and then.
    mutating func frame(_ messages: [[UInt8]]) -> [UInt8] {
        if messages.count == 1, generator.once(in: 2) { return messages[0] }
        var parts: [[UInt8]] = []
        for message in messages {
            switch generator.below(12) {
            case 0: parts.append([0x5B] + message + [0x5D])
            case 1: parts += [[0x5B, 0x5D], message]
            case 2: parts += [[0x5B, 0x5B, 0x20, 0x5D, 0x5D], [0x5B, 0x5B] + message + [0x5D, 0x0A, 0x5D]]
            default: parts.append(message)
            }
        }
        return [0x5B] + parts.joined(separator: [0x2C]) + [0x5D]
    }

    /// A message that holds no event for the bridge.
    mutating func otherMessage() -> [UInt8] {
        let texts = [
            #"{"type":"pong","id":9}"#, #"{"type":"brand_new","id":2,"x":[1,{}]}"#, "{}", "5", "null", #""x""#, "[]",
            #"{"id":7,"type":"result","success":true,"result":null}"#, #"{"type":"event","id":2}"#,
            #"{"type":"event","event":{"event_type":"x"},"id":777}"#, #"{"type":"event","event":{},"id":null}"#,
            #"{"type":7,"event":{},"id":2}"#, #"{"type":"event","event":{},"id":99999999999999999999999}"#,
            #"{"type":"event","event":{},"id":2.0}"#, #"{"type":"event","event":{},"id":"2"}"#,
        ]
        return Array(generator.pick(texts).utf8)
    }

    // MARK: Events

    /// An event with nothing wrong in it, whose identity no other one has.
    mutating func goodEvent() -> [UInt8] {
        count += 1
        let time = moment(count)
        let entity = generator.pick(["sensor.a", "light.küche", "switch.s\(generator.below(50))"])
        let context = #"{"id":"01C\#(count)","parent_id":null,"user_id":\#(generator.once(in: 3) ? "\"u1\"" : "null")}"#
        switch generator.below(5) {
        case 0:
            return Array(
                #"{"event_type":"call_service","data":{"domain":"light","n":\#(count)},"origin":"LOCAL","time_fired":"\#(time)","context":\#(context)}"#
                    .utf8)
        case 1:
            return Array(
                #"{"event_type":"state_changed","data":{"entity_id":"\#(entity)","old_state":{"entity_id":"\#(entity)","state":"1","attributes":{}},"new_state":null},"origin":"LOCAL","time_fired":"\#(time)","context":\#(context)}"#
                    .utf8)
        default:
            let state = generator.pick(["on", "21.5", "unavailable", "-3e2", "ü \\u00fc \\n", "0x10", ""])
            return Array(
                #"{"event_type":"state_changed","data":{"entity_id":"\#(entity)","old_state":null,"new_state":{"entity_id":"\#(entity)","state":"\#(state)","attributes":{"a":[1.50,{"b":"°C \ud83d\ude00"}],"n":\#(count)},"last_changed":"\#(time)","last_updated":"\#(time)","context":\#(context)}},"origin":"LOCAL","time_fired":"\#(time)","context":\#(context)}"#
                    .utf8)
        }
    }

    /// An event that has something wrong with it, in most cases.
    mutating func event() -> [UInt8] {
        switch generator.below(10) {
        case 0: return goodEvent()
        case 1 where !captured.isEmpty: return flipped(generator.pick(captured))
        case 2 where !captured.isEmpty: return generator.pick(captured)
        default: return strangeEvent()
        }
    }

    /// `bytes` with one to three small accidents.
    mutating func flipped(_ bytes: [UInt8]) -> [UInt8] {
        var copy = bytes
        for _ in 0...generator.below(3) {
            guard !copy.isEmpty else { return copy }
            let index = generator.below(copy.count)
            switch generator.below(6) {
            case 0, 1: copy[index] ^= 1 << UInt8(generator.below(8))
            case 2: copy[index] = UInt8(generator.below(256))
            case 3: copy.remove(at: index)
            case 4: copy.insert(generator.pick(Array("\"\\{}[],:0-eu\0\u{1F}\n ".utf8) + [0xFF, 0xC3]), at: index)
            default:
                let end = min(copy.count, index + generator.below(40))
                copy.insert(contentsOf: copy[index..<end], at: index)
            }
        }
        if generator.once(in: 20) { copy.removeLast(generator.below(copy.count + 1)) }
        return copy
    }

    private mutating func strangeEvent() -> [UInt8] {
        count += 1
        let type: [UInt8] =
            generator.once(in: 3)
            ? string() : quoted(generator.pick(["state_changed", "state_changed", "call_service"]))
        let data =
            generator.once(in: 6)
            ? value(depth: 2)
            : object([
                ("entity_id", generator.once(in: 4) ? scalar() : quoted("sensor.n\(count)")),
                ("old_state", generator.once(in: 4) ? scalar() : state()),
                ("new_state", generator.once(in: 8) ? scalar() : state()),
            ])
        let context = generator.once(in: 5) ? value(depth: 1) : contextObject()
        return object([
            ("event_type", type), ("data", data), ("origin", quoted("LOCAL")), ("time_fired", time()),
            ("context", context),
        ])
    }

    private mutating func state() -> [UInt8] {
        object([
            ("entity_id", quoted("sensor.n\(count)")), ("state", generator.once(in: 8) ? scalar() : string()),
            ("attributes", value(depth: 3)), ("last_changed", time()), ("last_updated", time()),
            ("context", contextObject()),
        ])
    }

    private mutating func contextObject() -> [UInt8] {
        object([
            ("id", generator.once(in: 8) ? scalar() : quoted("c\(count)")),
            ("parent_id", generator.once(in: 8) ? scalar() : Array("null".utf8)), ("user_id", scalar()),
        ])
    }

    /// The members, now and then one missing, twice, strange, or in another order.
    private mutating func object(_ members: [(String, [UInt8])]) -> [UInt8] {
        var parts = members.map { (quoted($0.0), $0.1) }
        if generator.once(in: 12) { parts.remove(at: generator.below(parts.count)) }
        if generator.once(in: 12) { parts.append((quoted(generator.pick(members).0), value(depth: 1))) }
        if generator.once(in: 12) { parts.append((string(), value(depth: 1))) }
        if generator.once(in: 8) { parts.shuffle(using: &generator) }
        let space: [UInt8] = generator.once(in: 12) ? [0x20, 0x0A] : []
        return [0x7B] + parts.map { $0.0 + space + [0x3A] + space + $0.1 }.joined(separator: [0x2C] + space) + space
            + [0x7D]
    }
}

/// Values and texts.
extension EventForge {
    /// RFC 3339, one microsecond after the other.
    func moment(_ number: Int) -> String {
        let digits = String(1_000_000 + number % 1_000_000).dropFirst()
        let second = String(100 + number / 1_000_000 % 60).dropFirst()
        return "2026-11-21T01:14:\(second).\(digits)+00:00"
    }

    func quoted(_ text: String) -> [UInt8] { [0x22] + text.utf8 + [0x22] }

    mutating func time() -> [UInt8] {
        if !generator.once(in: 6) { return quoted(moment(count)) }
        let fraction = String(moment(count).dropFirst(20).prefix(6))
        return quoted(
            generator.pick([
                "0001-01-01T00:00:00.\(fraction)+00:00", "9999-12-31T23:59:59.\(fraction)Z", "0000-01-01T00:00:00Z",
                "294277-01-01T00:00:00Z", "2026-11-21T01:14:48.\(fraction)+25:00", "2026-11-21T01:14:48.\(fraction)",
                "2026-12-31T23:59:60+00:00", "2026-11-21T01:14:48.\(fraction)7+00:00",
                "2026-11-21T01:14:48.\(fraction)789-23:59", "2026-11-21T01:14:48.1234567890Z", "2026-02-29T00:00:00Z",
                "2024-02-29 00:00:00.\(fraction)+05:30", "1969-12-31T23:59:59.\(fraction)Z", "yesterday", "",
                "2026-11-21T24:00:00Z", "2026-11-21t01:14:48z", "２026-11-21T01:14:48Z",
            ]))
    }

    mutating func scalar() -> [UInt8] {
        switch generator.below(6) {
        case 0: return Array("null".utf8)
        case 1: return Array(generator.pick(["true", "false"]).utf8)
        case 2: return number()
        case 3: return generator.once(in: 4) ? [0x7B, 0x7D] : [0x5B, 0x5D]
        default: return string()
        }
    }

    mutating func value(depth: Int) -> [UInt8] {
        if generator.once(in: 60) { return nested() }
        guard depth > 0 else { return scalar() }
        switch generator.below(4) {
        case 0: return scalar()
        case 1:
            let elements = (0..<generator.below(4)).map { _ in value(depth: depth - 1) }
            return [0x5B] + elements.joined(separator: [0x2C]) + [0x5D]
        default:
            let members = (0..<generator.below(4)).map { number in
                (generator.once(in: 3) ? string() : quoted("k\(number / 2)")) + [0x3A] + value(depth: depth - 1)
            }
            return [0x7B] + members.joined(separator: [0x2C]) + [0x7D]
        }
    }

    /// Arrays or objects in one another.
    mutating func nested() -> [UInt8] {
        let depth =
            generator.once(in: 40) ? 20_000 : generator.pick([2, 200, 250, 251, 252, 253, 254, 255, 256, 257, 300])
        if generator.once(in: 2) {
            let inside: [UInt8] = generator.once(in: 2) ? [] : [0x31]
            return [UInt8](repeating: 0x5B, count: depth) + inside + [UInt8](repeating: 0x5D, count: depth)
        }
        return Array(String(repeating: #"{"a":"#, count: depth).utf8) + [0x31] + [UInt8](repeating: 0x7D, count: depth)
    }

    mutating func number() -> [UInt8] {
        let digits = { (count: Int) in String(repeating: "7", count: count) }
        return Array(
            generator.pick([
                "0", "-0", "-0.0", "1", "-12.50e+3", "1E9", "1e308", "1e309", "-1e309", "1e131071", "1e-131071",
                "1e-400",
                "1e-401", "1e00000000000000000005", "1e99999999999999999999999", digits(309), digits(310), digits(400),
                "0." + digits(1_100), "0." + digits(1_101), "123456789012345678901234567890.5", "9007199254740993",
                "4.9e-324", "1.7976931348623157e308", "0e5000", "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.",
                "1e",
                "0x10", "1_0", "--1", "nul", "True",
            ]).utf8)
    }

    mutating func string() -> [UInt8] {
        var inside: [UInt8] = []
        for _ in 0..<generator.below(4) { inside += piece() }
        if generator.once(in: 12) {
            let unit = generator.pick(["x", "ü", "漢", "😀", #"\u00fc"#, #"\ud83d\ude00"#, "e\u{301}"])
            inside = Array(String(repeating: unit, count: generator.pick([99, 100, 101, 254, 255, 256, 300])).utf8)
        }
        return [0x22] + inside + [0x22]
    }

    private mutating func piece() -> [UInt8] {
        if generator.once(in: 3) {
            return generator.pick([
                [0xFF], [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
                [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0],
                [1], [9], [10], [0x1F], [0x7F], [0xC2, 0x85], [0xEF, 0xBF, 0xBE], [0xE2, 0x82],
            ])
        }
        return Array(
            generator.pick([
                "plain", "21.5", "on", "ü", "漢字", "😀", "\u{2028}", "\u{FEFF}", #"\u0000"#, #"\u0001"#, #"\ud800"#,
                #"\udc00"#, #"\ud83d\ude00"#, #"\ud83d\u0041"#, #"\ud83d\ud83d\ude00"#, #"\n\t\"\\\/\b\f\r"#, #"\x"#,
                #"\u12"#,
                #"\u12g4"#, #"\ud83d\uzz"#, #"\\u0000"#, "{\"type\":\"event\"".replacingQuotes, "' -- ;",
                #"\u2028\ufeff\uffff"#,
            ]).utf8)
    }
}

extension String {
    /// Quotes escaped, as inside a JSON string.
    fileprivate var replacingQuotes: String {
        split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    }
}
