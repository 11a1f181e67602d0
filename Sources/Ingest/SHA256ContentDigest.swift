import BridgeCore
import Cryptography

/// SHA-256 for identities, over one context that is used again and again. It belongs to one transformer.
final class SHA256ContentDigest: ContentDigest {
    private var digest: SHA256Digest?

    func digest(_ input: UnsafeRawBufferPointer, into output: inout [UInt8]) throws {
        if digest == nil { digest = try SHA256Digest() }
        guard let hash = try digest?.digest(input) else { return }
        hash.withBytes { bytes in output.withUnsafeMutableBytes { $0.copyBytes(from: bytes) } }
    }
}
