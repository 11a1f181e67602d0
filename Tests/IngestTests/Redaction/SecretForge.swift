import BridgeCore

/// Makes JSON with secrets in every place where one is to be found, and beside them everything that is none.
struct SecretForge {
    /// What stands in every secret and nowhere else.
    static let mark = "CANARY"

    var random: SeededGenerator
    /// Secrets in what was made last.
    private(set) var count = 0

    init(_ random: SeededGenerator) { self.random = random }

    private static let secretKeys = [
        "access_token", "refresh_token", "token", "Password", "api_password", "api_key", "X-Api-Key", "client_secret",
        "authorization", "webhook_id", "my mqtt password", "accessToken", "noise_psk",
    ]
    private static let plainKeys = [
        "state", "friendly_name", "tokens", "token_count", "code", "key", "a", "", "über", "entity_id", "x\\y", "q\"q",
    ]
    private static let letters = Array(
        "abcdefghijklmnopqrstuvwxyz0123456789 -_.,:;!?()[]{}\"\\'\n\u{1}ü☕️🏠".unicodeScalars)

    /// A document with at least one secret.
    mutating func document() -> [UInt8] {
        count = 0
        var text = ""
        repeat {
            count = 0
            text = object(depth: 0)
        } while count == 0
        return Array(text.utf8)
    }

    private mutating func canary() -> String {
        count += 1
        return Self.mark + String((0..<random.below(24)).map { _ in random.pick(Array("abcXYZ019-_")) })
    }

    private mutating func object(depth: Int) -> String {
        var members: [String] = []
        for _ in 0..<(1 + random.below(5)) {
            let isSecret = random.once(in: 4)
            let key = isSecret ? random.pick(Self.secretKeys) : random.pick(Self.plainKeys)
            let value = isSecret ? quoted(words() + canary() + words()) : value(depth: depth)
            members.append(blank() + quoted(key) + blank() + ":" + blank() + value + blank())
        }
        if random.once(in: 8) {
            let domain = random.pick(["lock", "alarm_control_panel", "cover"])
            members.append("\"domain\":\"\(domain)\",\"service\":\"x\",\"service_data\":{\"code\":\(quoted(canary()))}")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private mutating func value(depth: Int) -> String {
        switch random.below(depth > 3 ? 8 : 11) {
        case 0:
            return quoted("http://h/p?a=1&\(random.pick(["token", "access_token", "authSig", "key"]))=\(canary())&b=2")
        case 1: return quoted("rtsp://admin:\(canary())@10.0.0.1/\(random.pick(["a", "b@c", "?d"]))")
        case 2:
            return quoted(words() + " eyJhbGciOiJIUzI1NiJ9.\(canary()).c2ln" + random.pick(["", " ", ".", "\n", "\""]))
        case 3: return quoted("Bearer \(canary())12345678")
        case 4: return random.pick(["0", "-1.5e3", "true", "false", "null", "12345"])
        case 5, 6, 7: return quoted(words())
        case 8: return quoted(object(depth: depth + 1))
        case 9: return "[" + (0..<random.below(4)).map { _ in value(depth: depth + 1) }.joined(separator: ",") + "]"
        default: return object(depth: depth + 1)
        }
    }

    /// A text in which nothing is secret.
    private mutating func words() -> String {
        var text = ""
        for _ in 0..<random.below(20) { text.unicodeScalars.append(random.pick(Self.letters)) }
        return text
    }

    private mutating func blank() -> String { random.once(in: 6) ? random.pick([" ", "\n", "\t ", "  "]) : "" }

    /// A string of JSON, with escapes as one writer or another makes them.
    private mutating func quoted(_ text: String) -> String {
        let escapesSlash = random.once(in: 3)
        let escapesAmpersand = random.once(in: 3)
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "/" where escapesSlash: output += "\\/"
            case "&" where escapesAmpersand: output += "\\u0026"
            case _ where scalar.value < 0x20: output += "\\u000\(scalar.value)"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
