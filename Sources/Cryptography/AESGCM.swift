import COpenSSL

/// AES-256-GCM with a 12-byte nonce and a 16-byte tag, over raw buffers.
enum AESGCM {
    static let keyCount = 32
    static let nonceCount = 12
    static let tagCount = 16

    /// Encrypts `plaintext` into `ciphertext` of the same size and writes the tag. `key` and `nonce` have the sizes
    /// above.
    static func seal(
        _ plaintext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer,
        associatedData: [UInt8], ciphertext: UnsafeMutableRawBufferPointer, tag: UnsafeMutableRawBufferPointer
    ) throws(CryptographyError) {
        let context = try CipherContext()
        guard
            EVP_EncryptInit_ex2(context.raw, context.cipher, bytes(key), bytes(nonce), nil) == 1,
            update(EVP_EncryptUpdate, context, nil, UnsafeRawBufferPointer(start: nil, count: 0), associatedData),
            update(EVP_EncryptUpdate, context, ciphertext, plaintext, nil)
        else { throw .library("EVP_EncryptUpdate") }
        var rest = [UInt8](repeating: 0, count: 16)
        var restCount: Int32 = 0
        guard EVP_EncryptFinal_ex(context.raw, &rest, &restCount) == 1, restCount == 0,
            EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_GET_TAG, Int32(tagCount), tag.baseAddress) == 1
        else { throw .library("EVP_EncryptFinal_ex") }
    }

    /// Decrypts into `plaintext` of the ciphertext's size. `false`: the tag does not fit, and `plaintext` is wiped.
    static func open(
        _ ciphertext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer,
        tag: UnsafeRawBufferPointer, associatedData: [UInt8], plaintext: UnsafeMutableRawBufferPointer
    ) throws(CryptographyError) -> Bool {
        let context = try CipherContext()
        guard
            EVP_DecryptInit_ex2(context.raw, context.cipher, bytes(key), bytes(nonce), nil) == 1,
            update(EVP_DecryptUpdate, context, nil, UnsafeRawBufferPointer(start: nil, count: 0), associatedData),
            update(EVP_DecryptUpdate, context, plaintext, ciphertext, nil),
            // OpenSSL copies the tag out of a pointer that its prototype calls mutable.
            EVP_CIPHER_CTX_ctrl(
                context.raw, EVP_CTRL_AEAD_SET_TAG, Int32(tagCount), UnsafeMutableRawPointer(mutating: tag.baseAddress))
                == 1
        else {
            OPENSSL_cleanse(plaintext.baseAddress, plaintext.count)
            throw .library("EVP_DecryptUpdate")
        }
        var rest = [UInt8](repeating: 0, count: 16)
        var restCount: Int32 = 0
        // Until this call the plaintext is unproven; it must not leave this function if it fails.
        guard EVP_DecryptFinal_ex(context.raw, &rest, &restCount) == 1 else {
            OPENSSL_cleanse(plaintext.baseAddress, plaintext.count)
            return false
        }
        return true
    }

    private typealias Update = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int32>?, UnsafePointer<UInt8>?, Int32
    ) -> Int32

    /// Feeds associated data when it is given, else `input` to `output`.
    private static func update(
        _ call: Update, _ context: borrowing CipherContext, _ output: UnsafeMutableRawBufferPointer?,
        _ input: UnsafeRawBufferPointer, _ associatedData: [UInt8]?
    ) -> Bool {
        var written: Int32 = 0
        if let associatedData {
            return call(context.raw, nil, &written, associatedData, Int32(associatedData.count)) == 1
        }
        let target = output?.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return call(context.raw, target, &written, bytes(input), Int32(input.count)) == 1 && Int(written) == input.count
    }

    private static func bytes(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}

/// Owns an EVP context and the fetched cipher; freeing the context wipes the key schedule in it.
private struct CipherContext: ~Copyable {
    let raw: OpaquePointer
    let cipher: OpaquePointer

    init() throws(CryptographyError) {
        guard let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else { throw .library("EVP_CIPHER_fetch") }
        guard let raw = EVP_CIPHER_CTX_new() else {
            EVP_CIPHER_free(cipher)
            throw .library("EVP_CIPHER_CTX_new")
        }
        self.raw = raw
        self.cipher = cipher
    }

    deinit {
        EVP_CIPHER_CTX_free(raw)
        EVP_CIPHER_free(cipher)
    }
}
