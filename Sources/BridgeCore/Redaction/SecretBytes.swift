/// Kinds of bytes, for whoever looks for secrets.
enum SecretBytes {
    /// A letter, a digit, `-` or `_`: what base64url and names are made of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x5F
    }

    /// Blanks and line feeds.
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isHexadecimal(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 }

    /// Blanks, control characters, quotes, `<` and `>` end a URL; so does a backslash, which is judged by whoever meets it.
    @inline(__always)
    static func endsURL(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x22 || byte == 0x27 || byte == 0x3C || byte == 0x3E || byte == 0x60
    }
}
