/// Takes out of the texts of libpq and the server what may not be shown.
enum ErrorText {
    /// Replaces each text between double quotes by an ellipsis; an unclosed quote hides the rest.
    static func maskingQuotedParts(_ text: String) -> String {
        var result = ""
        var isInside = false
        for character in text {
            if character == "\"" {
                result += isInside ? "…\"" : "\""
                isInside.toggle()
            } else if !isInside {
                result.append(character)
            }
        }
        if isInside { result += "…\"" }
        return result
    }

    /// The server's primary message without data: class 22 quotes the value that it refuses, or its bytes after a colon.
    static func primary(_ text: String, sqlState: String?) -> String {
        guard let sqlState, sqlState.hasPrefix("22") else { return text }
        let masked = maskingQuotedParts(text)
        guard let bytes = masked.firstRange(of: ": 0x") else { return masked }
        return masked[..<bytes.lowerBound] + ": …"
    }

    /// The server's detail without data: of classes 22 and 23 only the column names of a key are kept.
    static func detail(_ text: String?, sqlState: String?) -> String? {
        guard let text else { return nil }
        guard let sqlState, sqlState.hasPrefix("22") || sqlState.hasPrefix("23") else {
            // It is shown in parentheses.
            return text.hasSuffix(".") ? String(text.dropLast()) : text
        }
        guard text.hasPrefix("Key ("), let end = text.firstRange(of: ")=(") else { return nil }
        return String(text[..<end.lowerBound]) + ")"
    }

    /// The line number in `COPY events, line 12, column attributes: "…"`.
    static func copyLine(inContext context: String?) -> Int? {
        guard let context, let start = context.firstRange(of: ", line "), context.contains("COPY ") else { return nil }
        return Int(context[start.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }

    /// One line without the trailing line feed that libpq adds.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingBlanks }.joined(separator: "; ")
    }

    /// Replaces each occurrence of `secrets`; those under four characters would only garble the text and give nothing away.
    static func removing(_ secrets: [String], from text: String) -> String {
        var result = text
        for secret in secrets where secret.count >= 4 { result.replace(secret, with: "‹redacted›") }
        return result
    }

    /// Takes apart what libpq says about a failed connection at `PQERRORS_VERBOSE`: the text without source locations, and the
    /// last SQLSTATE in it. libpq gives the SQLSTATE of a refused connection in no other way.
    static func connectionFailure(_ text: String) -> (message: String, sqlState: String?) {
        var sqlState: String?
        var lines: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingBlanks
            if line.hasPrefix("LOCATION:  ") { continue }
            // "…failed: FATAL:  28P01: password authentication failed for user…"; the severity may be translated.
            guard let mark = line.firstRange(of: ":  "), let state = stateCode(line[mark.upperBound...]) else {
                lines.append(line)
                continue
            }
            sqlState = state
            lines.append(line[..<mark.lowerBound] + ": " + line[mark.upperBound...].dropFirst(7))
        }
        return (lines.joined(separator: "; "), sqlState)
    }

    /// `28P01` of `28P01: password…`.
    private static func stateCode(_ text: Substring) -> String? {
        let state = text.utf8.prefix(5)
        let isState = state.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
        guard state.count == 5, isState, text.dropFirst(5).hasPrefix(": ") else { return nil }
        return String(text.prefix(5))
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        var rest = self.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
