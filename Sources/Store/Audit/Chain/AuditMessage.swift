import BridgeCore
import Cryptography

/// What a signature of the audit trail covers: plain text, a field a line.
///
/// The first line says what is signed and in which version of the form. Values are escaped as `COPY … TO` of PostgreSQL escapes them
/// (`\\`, `\n`, `\r`, `\t`, `\b`, `\f`, `\v`), and `\N` stands for NULL, so that no value can pretend to be a field of its own.
enum AuditMessage {
    /// ```
    /// ha-bridge audit v1
    /// home_assistant_audit_log
    /// connection=9b2f…
    /// sequence=17
    /// previous_digest=5f1c…
    /// id=4c0e…
    /// user_id=…
    /// ```
    /// and so on, each column of `AuditTable.columns`. `fields` are the columns' values as they are escaped.
    static func row(
        _ chain: AuditChain, sequence: Int64, previousDigest: some Sequence<UInt8>,
        fields: some Sequence<some Sequence<UInt8>>
    ) -> [UInt8] {
        var message = Array("ha-bridge audit v1\n\(chain.table.rawValue)\nconnection=".utf8)
        message.reserveCapacity(1_024)
        message.append(contentsOf: (chain.connection?.description ?? Self.null).utf8)
        message.append(contentsOf: "\nsequence=\(sequence)\nprevious_digest=".utf8)
        message.append(contentsOf: previousDigest)
        for (column, field) in zip(chain.table.columns, fields) {
            message.append(0x0A)
            message.append(contentsOf: column.name.utf8)
            message.append(0x3D)
            message.append(contentsOf: field)
        }
        message.append(0x0A)
        return message
    }

    /// A statement about a chain that is no row of it: `title`, the chain and `fields`.
    static func statement(_ title: String, _ chain: AuditChain, _ fields: [(String, String)]) -> [UInt8] {
        var text = "\(title)\n\(chain.table.rawValue)\nconnection=\(chain.connection?.description ?? null)\n"
        for (name, value) in fields { text += "\(name)=\(escaped(value))\n" }
        return Array(text.utf8)
    }

    /// `text` as `COPY … TO` writes it.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard let letter = escapes[scalar] else {
                result.append(scalar)
                continue
            }
            result.append("\\")
            result.append(letter)
        }
        return String(result)
    }

    /// The text that was escaped.
    static func unescaped(_ field: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var isEscaped = false
        for byte in field {
            if isEscaped {
                bytes.append(plain[byte] ?? byte)
                isEscaped = false
            } else if byte == 0x5C {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let null = "\\N"
    private static let plain: [UInt8: UInt8] = Dictionary(
        uniqueKeysWithValues: escapes.map { (UInt8(truncatingIfNeeded: $1.value), UInt8(truncatingIfNeeded: $0.value)) }
    )
    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "\n": "n", "\r": "r", "\t": "t", "\u{08}": "b", "\u{0C}": "f", "\u{0B}": "v",
    ]
}

extension AuditMessage {
    /// SHA-256 of a message and its signature: what the next row holds as `previous_digest`.
    static func digest(
        of message: [UInt8], _ signature: RowSignature, with hash: inout SHA256Digest
    ) throws(CryptographyError) -> SHA256Hash {
        var bytes = message
        bytes.append(contentsOf: signature.bytes)
        return try digest(of: bytes, with: &hash)
    }

    /// SHA-256 of `bytes`.
    static func digest(of bytes: [UInt8], with hash: inout SHA256Digest) throws(CryptographyError) -> SHA256Hash {
        let result = bytes.withUnsafeBytes { buffer -> Result<SHA256Hash, CryptographyError> in
            do throws(CryptographyError) { return .success(try hash.digest(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
