import Cryptography

/// SHA-256 of texts.
enum ConfigurationHash {
    /// The hash of the UTF-8 bytes of `text`. Throws `.libraryFailure` only.
    static func of(_ text: String) throws(CryptographyError) -> SHA256Hash {
        // Memory of its own rather than a closure, through which a typed error does not pass in 6.3.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.utf8.count), alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: text.utf8)
        var digest = try SHA256Digest()
        return try digest.digest(UnsafeRawBufferPointer(rebasing: bytes[..<text.utf8.count]))
    }
}
