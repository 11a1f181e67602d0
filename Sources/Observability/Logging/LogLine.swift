import BridgeConcurrency
import BridgeCore
import Logging

/// One log line before it is written. Everything that it takes in goes through the redactor first.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let label: String
    let message: String
    let metadata: Logger.Metadata

    /// No single value may fill a line.
    private static let valueLimit = 1_024

    /// The line in `format`, with a line feed, at most `LogSink.lineLimit` bytes long.
    func encoded(as format: LogFormat) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .text: encodeText(into: &line)
        case .json: encodeJSON(into: &line)
        }
        line.append(0x0A)
        return line
    }

    /// UTC in milliseconds.
    private var clock: String { time.iso8601.prefix(23) + "Z" }

    private func encodeText(into line: inout [UInt8]) {
        let name = level.rawValue.uppercased()
        line += "\(clock) \(name)\(String(repeating: " ", count: max(0, 8 - name.count))) ".utf8
        LogText.append(Self.clean(message), to: &line, escapesQuotes: false)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line.append(0x20)
            LogText.append(key, to: &line, escapesQuotes: false)
            line.append(0x3D)
            let text = Redactor.isSecret(key: key) ? Redactor.mark : Self.clean(Self.text(of: value))
            if LogText.isBare(text) { line += text.utf8 } else { LogText.appendQuoted(text, to: &line) }
        }
        if line.count >= LogSink.lineLimit {
            LogText.cut(&line, to: LogSink.lineLimit - 4)
            line += "…".utf8
        }
    }

    private func encodeJSON(into line: inout [UInt8]) {
        line += "{\"time\":\"\(clock)\",\"level\":\"\(level.rawValue)\",\"logger\":".utf8
        LogText.appendQuoted(label, to: &line)
        line += ",\"message\":".utf8
        LogText.appendQuoted(Self.clean(message), to: &line)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let whole = line.count
            line.append(0x2C)
            // Four names are the line's own.
            let name = ["time", "level", "logger", "message"].contains(key) ? "metadata.\(key)" : key
            LogText.appendQuoted(name, to: &line)
            line.append(0x3A)
            if Redactor.isSecret(key: key) {
                LogText.appendQuoted(Redactor.mark, to: &line)
            } else {
                Self.append(value, to: &line, depth: 0)
            }
            // A line that is cut would be no JSON: what does not fit is left out whole.
            if line.count > LogSink.lineLimit - 32 {
                line.removeSubrange(whole...)
                line += ",\"truncated\":true".utf8
                break
            }
        }
        line.append(0x7D)
    }

    private static func append(_ value: Logger.MetadataValue, to line: inout [UInt8], depth: Int) {
        switch value {
        case .dictionary(let dictionary) where depth < 8:
            line.append(0x7B)
            for (index, entry) in dictionary.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(0x2C) }
                LogText.appendQuoted(entry.key, to: &line)
                line.append(0x3A)
                if Redactor.isSecret(key: entry.key) {
                    LogText.appendQuoted(Redactor.mark, to: &line)
                } else {
                    append(entry.value, to: &line, depth: depth + 1)
                }
            }
            line.append(0x7D)
        case .array(let array) where depth < 8:
            line.append(0x5B)
            for (index, element) in array.enumerated() {
                if index > 0 { line.append(0x2C) }
                append(element, to: &line, depth: depth + 1)
            }
            line.append(0x5D)
        default:
            LogText.appendQuoted(clean(text(of: value)), to: &line)
        }
    }

    private static func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let convertible): convertible.description
        case .array(let array): "[" + array.map(text(of:)).joined(separator: ", ") + "]"
        case .dictionary(let dictionary):
            "{"
                + dictionary.sorted { $0.key < $1.key }.map { key, value in
                    "\(key): \(Redactor.isSecret(key: key) ? Redactor.mark : text(of: value))"
                }.joined(separator: ", ") + "}"
        }
    }

    /// Without secrets and not too long. Redacted first: a cut could leave a part that no longer looks like a secret.
    private static func clean(_ text: String) -> String {
        // What is far beyond the limit is not even looked at.
        let redacted = Redactor.redact(cut(text, to: 64 * valueLimit))
        return redacted.utf8.count > valueLimit ? cut(redacted, to: valueLimit) + "…" : redacted
    }

    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = Array(text.utf8.prefix(limit + 1))
        LogText.cut(&bytes, to: limit)
        return String(decoding: bytes, as: UTF8.self)
    }
}
