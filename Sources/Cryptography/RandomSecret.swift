import COpenSSL

/// Texts that nobody guesses: cookies, tokens, links.
package enum RandomSecret {
    /// 256 random bits in 43 characters that need no escaping in a URL or a header. Throws `.libraryFailure` only.
    package static func text() throws(CryptographyError) -> String {
        let bytes = try bytes(32)
        var text: [UInt8] = []
        bytes.withUnsafeBytes { Base64.encode($0, .url, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // A closure that throws typed errors does not infer as one in 6.3, hence the detour by a result.
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Void, CryptographyError> in
            do throws(CryptographyError) {
                return .success(try fillWithRandomBytes(buffer))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        return bytes
    }

    /// What is stored of a secret: its SHA-256. A slow hash would add nothing, since there is nothing to guess.
    package static func digest(of secret: String) throws(CryptographyError) -> [UInt8] {
        var digest = try SHA256Digest()
        let bytes = Array(secret.utf8)
        let result = bytes.withUnsafeBytes { buffer -> Result<SHA256Hash, CryptographyError> in
            do throws(CryptographyError) { return .success(try digest.digest(buffer)) } catch { return .failure(error) }
        }
        return try result.get().bytes
    }
}

/// Comparisons whose length in time says nothing about where two values differ.
package enum ConstantTime {
    /// Whether both are the same; only the lengths may show.
    package static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}
