import COpenSSL

/// A SHA-256 calculation that is used again and again: feed it, `finish()`, feed it the next.
///
/// Made for many small inputs: the context and the algorithm are fetched once. It belongs to one owner, who calls it
/// from one
/// thread at a time. Every method throws `.libraryFailure` only, which a sound machine never shows.
package struct SHA256Digest: ~Copyable, @unchecked Sendable {
    // @unchecked: it cannot be copied and every method is mutating, so whoever holds it has it to himself.
    private let context: OpaquePointer
    private let algorithm: OpaquePointer
    private var isStarted = false

    /// Fetches the algorithm, which takes microseconds: keep the value.
    package init() throws(CryptographyError) {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { throw .library("EVP_MD_fetch") }
        guard let context = EVP_MD_CTX_new() else {
            EVP_MD_free(algorithm)
            throw .library("EVP_MD_CTX_new")
        }
        self.context = context
        self.algorithm = algorithm
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Adds bytes to the current calculation.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) throws(CryptographyError) {
        if !isStarted {
            guard EVP_DigestInit_ex2(context, algorithm, nil) == 1 else { throw .library("EVP_DigestInit_ex2") }
            isStarted = true
        }
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else { throw .library("EVP_DigestUpdate") }
    }

    /// Adds the UTF-8 bytes of `text`.
    package mutating func update(_ text: StaticString) throws(CryptographyError) {
        try update(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Ends the current calculation; the next `update` begins another.
    package mutating func finish() throws(CryptographyError) -> SHA256Hash {
        if !isStarted { try update(UnsafeRawBufferPointer(start: nil, count: 0)) }
        isStarted = false
        var result: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let hash: SHA256Hash? = withUnsafeMutableBytes(of: &result) { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self),
                EVP_DigestFinal_ex(context, base, nil) == 1
            else { return nil }
            return SHA256Hash(UnsafeRawBufferPointer(buffer))
        }
        guard let hash else { throw .library("EVP_DigestFinal_ex") }
        return hash
    }

    /// The digest of `bytes` alone; what was fed before is dropped.
    package mutating func digest(_ bytes: UnsafeRawBufferPointer) throws(CryptographyError) -> SHA256Hash {
        isStarted = false
        try update(bytes)
        return try finish()
    }
}

/// The SHA-256 of `bytes` as 64 lowercase hexadecimal digits. Throws `.libraryFailure` only.
package func sha256Hex(_ bytes: some Collection<UInt8>) throws(CryptographyError) -> String {
    var digest = try SHA256Digest()
    let copy = ContiguousArray(bytes)
    // A closure that throws typed errors does not infer as one in 6.3, hence the detour by a result.
    let result = copy.withUnsafeBytes { buffer -> Result<SHA256Hash, CryptographyError> in
        do throws(CryptographyError) { return .success(try digest.digest(buffer)) } catch { return .failure(error) }
    }
    return try result.get().hex
}
