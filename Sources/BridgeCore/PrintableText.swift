/// Makes text that came from elsewhere safe to show: names of entities and connections may hold anything.
package enum PrintableText {
    /// `text` with control characters shown as pictures (`␛`) and marks that reorder or hide text as `�`, so that nothing in
    /// it can drive the terminal or pretend to be another text.
    package static func of(_ text: String, keepsNewlines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0, keepsNewlines: keepsNewlines) }) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard isUnsafe(scalar, keepsNewlines: keepsNewlines) else {
                output.append(scalar)
                continue
            }
            switch scalar.value {
            // The pictures of the control characters lie in their order from U+2400.
            case 0..<0x20: output.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
            case 0x7F: output.append("\u{2421}")
            default: output.append("\u{FFFD}")
            }
        }
        return String(output)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar, keepsNewlines: Bool) -> Bool {
        switch scalar.value {
        case 0x0A: !keepsNewlines
        case 0..<0x20, 0x7F..<0xA0: true
        // Line and paragraph separators, and the marks that turn the direction of writing.
        case 0x2028, 0x2029, 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
