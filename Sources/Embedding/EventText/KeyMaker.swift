import BridgeCore
import Cryptography

/// Computes the keys of documents.
///
/// Hashed: the version of the describer, the connection, and each part of the document with its length in front, so that two
/// parts cannot run together.
final class KeyMaker {
    private var digest: SHA256Digest
    private let prefix: [UInt8]
    private var input: [UInt8] = []

    /// `nil` when the library fails, which a sound machine never shows.
    init?(connection: ConnectionID) {
        guard let digest = try? SHA256Digest() else { return nil }
        self.digest = digest
        prefix = [EventDescriber.version] + withUnsafeBytes(of: connection.uuid.uuid) { Array($0) }
    }

    /// The key of `document`; `nil` when the library fails.
    func key(of document: EmbeddingDocument) -> EmbeddingKey? {
        input.removeAll(keepingCapacity: true)
        input.append(contentsOf: prefix)
        append(document.text)
        append(document.entityID)
        append(document.kind)
        append(document.transition)
        append(document.area)
        input.append(UInt8(truncatingIfNeeded: document.dayPart.rawValue))
        input.append(UInt8(truncatingIfNeeded: document.polarity.rawValue))
        let hash = input.withUnsafeBytes { bytes in try? digest.digest(bytes) }
        return hash.map { EmbeddingKey(high: $0.leadingWords.0, low: $0.leadingWords.1) }
    }

    private func append(_ text: String?) {
        guard let text else {
            input.append(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF])
            return
        }
        input.append(bytesOf: UInt32(truncatingIfNeeded: text.utf8.count).bigEndian)
        input.append(contentsOf: text.utf8)
    }
}
