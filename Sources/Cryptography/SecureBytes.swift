import COpenSSL

/// A buffer for keys and plaintext that is wiped when its owner lets go of it.
struct SecureBytes: ~Copyable {
    let buffer: UnsafeMutableRawBufferPointer

    init(count: Int) {
        buffer = .allocate(byteCount: max(count, 1), alignment: 16)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }
}

/// Fills `buffer` from OpenSSL's generator, which is seeded by the kernel.
func fillWithRandomBytes(_ buffer: UnsafeMutableRawBufferPointer) throws(CryptographyError) {
    guard let base = buffer.baseAddress, let count = Int32(exactly: buffer.count),
        RAND_bytes(base.assumingMemoryBound(to: UInt8.self), count) == 1
    else { throw .library("RAND_bytes") }
}
