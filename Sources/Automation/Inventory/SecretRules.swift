import HomeAssistantClient

/// Tells which values of a configuration may be stored in clear.
///
/// Home Assistant resolves `!secret` before it hands a configuration out, and does not say which values came from there. So a
/// text is clear only where it is plain what it is: under a key at which Home Assistant's own grammar wants a word, the id of an
/// entity, a template, a time. Every other text is sealed, and so is whatever a key or its own look gives away.
package enum SecretRules {
    /// How a value is stored.
    package enum Judgement: Sendable, Equatable {
        case clear
        /// It may be a secret, or just a message: sealed, and shown to a person who asks for it.
        case text
        /// A password, a token, an address with credentials: sealed, and never shown.
        case secret
    }

    /// Whether what lies below this key is given to a service, an event or a template: there a key means what they make of it.
    package static func beginsPayload(_ key: String) -> Bool { payloads.contains(key) }

    private static let payloads: Set<String> = [
        "data", "data_template", "service_data", "event_data", "event_data_template", "variables", "trigger_variables",
        "input",
    ]

    /// Judges a value that is no object and no array, by the key under which it, or the list that it is in, stands.
    package static func judge(_ value: ConfigurationValue, under key: String, inPayload: Bool = false) -> Judgement {
        switch value {
        case .null, .bool, .array, .object: return .clear
        case .number(let digits):
            if namesSecret(key) { return .secret }
            if !inPayload && grammar.contains(key) || references.contains(key) { return .clear }
            // A short number is a level or a count; a long one may be a code.
            return digits.utf8.count { (0x30...0x39).contains($0) } < 4 || harmlessNumbers.contains(key)
                ? .clear : .text
        case .string(let text): return judge(text, under: key, inPayload)
        }
    }

    private static func judge(_ text: String, under key: String, _ inPayload: Bool) -> Judgement {
        if text.isEmpty { return .clear }
        if namesSecret(key) { return isTemplate(text) ? .clear : .secret }
        if references.contains(key), isReference(text) { return .clear }
        if looksSecret(text) { return .secret }
        if text.hasPrefix(Placeholder.opening) { return .text }
        if isTemplate(text) || !inPayload && grammar.contains(key) || isEntity(text) || isHarmless(text) {
            return .clear
        }
        return .text
    }

    // MARK: Keys

    /// Whether the key alone says that a value is nobody's business.
    package static func namesSecret(_ key: String) -> Bool {
        let key = key.lowercased().replacing("-", with: "_").replacing(" ", with: "_")
        if secretKeys.contains(key) { return true }
        return secretParts.contains { key.contains($0) }
    }

    private static let secretParts = [
        "password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "credential", "authorization",
        "webhook_id", "private_key", "access_key", "auth_key", "client_id", "cookie", "bearer",
    ]

    private static let secretKeys: Set<String> = [
        "pass", "pwd", "pin", "code", "auth", "key", "username", "user", "user_id", "chat_id", "phone", "phone_number",
        "number", "email", "recipient", "recipients", "sender", "latitude", "longitude", "ssid", "mac", "host", "ip",
        "ip_address", "tag_id",
    ]

    /// Keys at which Home Assistant's grammar wants a word of its own, a name that it shows anyway, or a plain number.
    private static let grammar: Set<String> = [
        "id", "alias", "description", "mode", "max", "max_exceeded", "trigger", "platform", "condition", "event",
        "event_type", "from", "to", "not_from", "not_to", "state", "attribute", "for", "above", "below", "type",
        "subtype",
        "domain", "weekday", "hours", "minutes",
        "seconds", "milliseconds", "days", "hour", "minute", "second", "enabled", "delay", "timeout",
        "continue_on_timeout", "continue_on_error", "response_variable", "stop", "error", "count", "for_each",
        "version",
        "stored_traces", "value_template", "wait_template", "allowed_methods", "local_only", "not_above", "not_below",
        "qos", "encoding",
    ]

    /// Keys that name something of Home Assistant's; a text under them must look like it.
    private static let references: Set<String> = [
        "entity_id", "device_id", "area_id", "floor_id", "label_id", "service", "action", "scene", "zone",
        "service_template",
    ]

    private static let harmlessNumbers: Set<String> = [
        "kelvin", "color_temp", "color_temp_kelvin", "transition", "duration",
    ]

    // MARK: Texts

    private static func isTemplate(_ text: String) -> Bool { text.contains("{{") || text.contains("{%") }

    /// `light.kitchen`, a list of such with commas, an id of a registry, `all`.
    private static func isReference(_ text: String) -> Bool {
        if isTemplate(text) { return true }
        return text.split(separator: ",").allSatisfy { part in
            let part = part.trimmingSpaces
            return AutomationReader.isEntityID(part) || isWord(part)
                || part.utf8.count == 32 && part.utf8.allSatisfy(isHexadecimal)
        }
    }

    /// A word of small letters, as areas, labels and `all` are.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || (0x30...0x39).contains($0) }
            && text.utf8.count { (0x30...0x39).contains($0) } <= 3
    }

    private static func isEntity(_ text: String) -> Bool {
        guard AutomationReader.isEntityID(text) else { return false }
        return domains.contains(String(text.prefix { $0 != "." }))
    }

    private static let domains: Set<String> = [
        "alarm_control_panel", "automation", "binary_sensor", "button", "calendar", "camera", "climate", "counter",
        "cover",
        "date", "datetime", "device_tracker", "event", "fan", "group", "humidifier", "image", "input_boolean",
        "input_button", "input_datetime", "input_number", "input_select", "input_text", "lawn_mower", "light", "lock",
        "media_player", "notify", "number", "person", "remote", "scene", "schedule", "script", "select", "sensor",
        "siren",
        "sun", "switch", "text", "time", "timer", "todo", "update", "vacuum", "valve", "water_heater", "weather",
        "zone",
    ]

    /// Words of everyday that say nothing, and times, dates and short numbers.
    private static func isHarmless(_ text: String) -> Bool {
        if words.contains(text.lowercased()) || isDated(text) { return true }
        let digits = text.utf8.count { (0x30...0x39).contains($0) }
        guard text.utf8.allSatisfy({ (0x30...0x3A).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x2B }) else {
            return false
        }
        return digits < 4 || text.contains(":")
    }

    private static let words: Set<String> = [
        "on", "off", "yes", "no", "true", "false", "none", "all", "home", "not_home", "away", "open", "closed", "auto",
        "heat",
        "cool", "dry", "eco", "low", "medium", "high", "playing", "paused", "idle", "sunrise", "sunset", "unknown",
        "unavailable", "toggle",
    ]

    /// Whether a text gives itself away: an address with credentials or a hook, a mail address, a long random text.
    private static func looksSecret(_ text: String) -> Bool {
        let lowered = text.lowercased()
        if lowered.contains("://") || lowered.hasPrefix("bearer ") || lowered.hasPrefix("basic ") { return true }
        if lowered.contains("-----begin") || lowered.contains("/api/webhook/") { return true }
        // As a rule a secret has no spaces and no template around it.
        guard !text.contains(" "), !isTemplate(text) else { return false }
        if text.contains("@"), text.contains(".") { return true }
        let bytes = text.utf8
        if bytes.first == 0x2B, bytes.count >= 8, bytes.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }) {
            return true
        }
        guard bytes.count >= 16, !isEntity(text) else { return false }
        let digits = bytes.count { (0x30...0x39).contains($0) }
        return digits >= 3 && digits < bytes.count && !text.contains(":") && !isDated(text)
            && bytes.contains { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    }

    /// `2026-11-21`, `2026-11-21T10:00:00+01:00`.
    private static func isDated(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (10...35).contains(bytes.count) && bytes[4] == 0x2D && bytes[7] == 0x2D
            && bytes.allSatisfy { (0x30...0x3A).contains($0) || "+-. TZ".utf8.contains($0) }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}

extension StringProtocol {
    /// Without the spaces around it.
    fileprivate var trimmingSpaces: String {
        var rest = self[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}
