import BridgeCore

/// The text of a keyring file; `Keyring` describes it. Key bytes pass through wiped buffers only, never through a
/// string.
enum KeyringFormat {
    static let tokenPurpose = "token"
    static let signPurpose = "sign"
    static let verifyPurpose = "verify"
    private static let header = "ha-bridge-keyring 1"

    /// One key of the file.
    struct Line {
        let summary: Keyring.KeySummary
        let material: Secret
    }

    /// Ids stand between dots and bars in sealed tokens, so they hold neither.
    static func isKeyID(_ bytes: some Collection<UInt8>) -> Bool {
        (1...32).contains(bytes.count) && bytes.allSatisfy(isWordByte)
    }

    /// The keys of the file in its order, also those of purposes that this version does not know.
    static func lines(_ bytes: UnsafeRawBufferPointer, path: String) throws(CryptographyError) -> [Line] {
        var lines: [Line] = []
        var seenHeader = false
        var number = 0
        for lineBytes in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var content = lineBytes
            while let last = content.last, isBlank(last) { content.removeLast() }
            if content.isEmpty || content.first == UInt8(ascii: "#") { continue }
            if !seenHeader {
                guard content.elementsEqual(header.utf8) else {
                    throw malformed(
                        path, number, "it must read \"\(header)\"; the file is no keyring, or one of a newer version")
                }
                seenHeader = true
                continue
            }
            let line = try parseLine(UnsafeRawBufferPointer(rebasing: content), path: path, number: number)
            let summary = line.summary
            guard !lines.contains(where: { $0.summary.id == summary.id }) else {
                throw malformed(path, number, "the key id \"\(summary.id)\" occurs twice")
            }
            if summary.isPrimary,
                lines.contains(where: { $0.summary.isPrimary && $0.summary.purpose == summary.purpose })
            {
                throw malformed(path, number, "a second key of its purpose is marked primary")
            }
            // Keys of all three purposes have the same size.
            let isKnown = [tokenPurpose, signPurpose, verifyPurpose].contains(summary.purpose)
            guard !isKnown || line.material.count == AESGCM.keyCount else {
                throw malformed(path, number, "the key has \(line.material.count) bytes instead of \(AESGCM.keyCount)")
            }
            lines.append(line)
        }
        return lines
    }

    static func parse(_ bytes: UnsafeRawBufferPointer, path: String) throws(CryptographyError) -> Keyring {
        let lines = try lines(bytes, path: path)
        var tokenKeys: [String: Keyring.TokenKey] = [:]
        var primary: Keyring.TokenKey?
        var signer: RowSigner?
        var verifyingKeys: [String: Ed25519.PublicKey] = [:]
        for line in lines {
            let (summary, material) = (line.summary, line.material)
            switch summary.purpose {
            case tokenPurpose:
                let key = Keyring.TokenKey(id: summary.id, material: material)
                tokenKeys[summary.id] = key
                if summary.isPrimary { primary = key }
            case signPurpose:
                let key = try Ed25519.PrivateKey(seed: material)
                verifyingKeys[summary.id] = key.publicKey
                if summary.isPrimary { signer = RowSigner(keyID: summary.id, key: key) }
            case verifyPurpose:
                verifyingKeys[summary.id] = try Ed25519.PublicKey(material.withBytes { Array($0) })
            default: break
            }
        }
        guard let primary else {
            throw .init(
                .keyringMalformed,
                "The keyring \(path) has no primary key for tokens. Restore it from a backup; a new keyring "
                    + "cannot open stored tokens."
            )
        }
        return Keyring(
            summaries: lines.map(\.summary), primary: primary, tokenKeys: tokenKeys, signer: signer,
            verifier: RowVerifier(keys: verifyingKeys))
    }

    /// The whole text of a keyring with these keys.
    static func text(_ lines: [Line]) -> SecureBytes {
        var parts: [(prefix: [UInt8], material: Secret, suffix: [UInt8])] = []
        var count = header.utf8.count + 1
        for line in lines {
            let summary = line.summary
            let prefix = Array("\(summary.purpose) \(summary.id) \(summary.createdAt.iso8601) ".utf8)
            let suffix = Array((summary.isPrimary ? " primary\n" : "\n").utf8)
            count += prefix.count + (line.material.count + 2) / 3 * 4 + suffix.count
            parts.append((prefix, line.material, suffix))
        }
        // Reserved whole, so that growing leaves no copy of a key behind; wiped below.
        var text: [UInt8] = []
        text.reserveCapacity(count)
        text.append(contentsOf: (header + "\n").utf8)
        for part in parts {
            text.append(contentsOf: part.prefix)
            part.material.withBytes { Base64.encode($0, .standard, into: &text) }
            text.append(contentsOf: part.suffix)
        }
        let result = SecureBytes(count: text.count)
        text.withUnsafeMutableBytes { source in
            result.buffer.copyMemory(from: UnsafeRawBufferPointer(source))
            wipe(source)
        }
        return result
    }

    private static func parseLine(
        _ content: UnsafeRawBufferPointer, path: String, number: Int
    ) throws(CryptographyError) -> Line {
        let fields = content.split(whereSeparator: isBlank)
        guard fields.count == 4 || fields.count == 5 else {
            throw malformed(path, number, "a key takes purpose, id, time, key and perhaps the word primary")
        }
        guard isKeyID(fields[0]), isKeyID(fields[1]) else {
            throw malformed(path, number, "purpose and id are words of at most 32 small letters and digits")
        }
        guard let createdAt = Timestamp(iso8601: UnsafeRawBufferPointer(rebasing: fields[2])) else {
            throw malformed(path, number, "the third field is no time such as 2026-11-21T01:14:48+00:00")
        }
        guard fields.count == 4 || fields[4].elementsEqual("primary".utf8) else {
            throw malformed(path, number, "after the key only the word primary may follow")
        }
        let encoded = UnsafeRawBufferPointer(rebasing: fields[3])
        let count = Base64.decodedCount(encoded, .standard) ?? 0
        let decoded = SecureBytes(count: count)
        guard count > 0, Base64.decode(encoded, .standard, into: decoded.buffer) else {
            throw malformed(path, number, "the key is no valid base64")
        }
        let summary = Keyring.KeySummary(
            purpose: String(decoding: fields[0], as: UTF8.self), id: String(decoding: fields[1], as: UTF8.self),
            createdAt: createdAt, isPrimary: fields.count == 5)
        return Line(summary: summary, material: Secret(UnsafeRawBufferPointer(decoded.buffer)))
    }

    /// `reason` comes from this file's own words and checked ids, never from unchecked text, which might be a key.
    private static func malformed(_ path: String, _ line: Int, _ reason: String) -> CryptographyError {
        .init(
            .keyringMalformed,
            "Line \(line) of the keyring \(path) is wrong: \(reason). Correct it or restore the file from a backup.")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
