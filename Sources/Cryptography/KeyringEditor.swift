import BridgeCore

/// Changes a keyring file, alone: a second editor of the same file is refused until this one is gone.
///
/// Each change is whole on the disk when its method returns, and a process that is killed leaves the keyring of before or after.
/// Belongs to one task at a time.
package final class KeyringEditor: Sendable {
    private let path: String
    private let lock: KeyringLock

    /// Takes the lock. Throws `.keyringMissing`, `.keyringBusy`, or `.keyringUnwritable` where no lock can be made.
    package init(path: String) throws(CryptographyError) {
        let path = try KeyringFile.resolved(path)
        self.path = path
        lock = try KeyringLock(path: path)
    }

    /// The keyring as the file has it now.
    package func keyring() throws(CryptographyError) -> Keyring { try Keyring.load(path: path) }

    /// Adds a fresh key for tokens and one for signatures and makes them primary. Earlier token keys stay; of earlier signing keys
    /// the public half stays alone, which verifies what they have signed.
    package func addFreshKeys() throws(CryptographyError) -> Keyring {
        var lines = try lines()
        for index in lines.indices {
            let line = lines[index]
            switch line.summary.purpose {
            case KeyringFormat.tokenPurpose:
                lines[index] = Self.line(line, purpose: line.summary.purpose, line.material)
            case KeyringFormat.signPurpose:
                let half = try Ed25519.PrivateKey(seed: line.material).publicKey
                lines[index] = Self.line(line, purpose: KeyringFormat.verifyPurpose, Secret(half.raw))
            default: break
            }
        }
        let fresh = try Keyring.freshPair(avoiding: Set(lines.map(\.summary.id)))
        return try write(lines + fresh)
    }

    /// Takes token keys out of the file, for good. The primary key always stays.
    package func removeTokenKeys(_ ids: Set<String>) throws(CryptographyError) -> Keyring {
        let lines = try lines()
        let kept = lines.filter { line in
            line.summary.purpose != KeyringFormat.tokenPurpose || line.summary.isPrimary
                || !ids.contains(line.summary.id)
        }
        return kept.count == lines.count ? try keyring() : try write(kept)
    }

    private func lines() throws(CryptographyError) -> [KeyringFormat.Line] {
        let contents = try KeyringFile.read(path: path)
        return try KeyringFormat.lines(UnsafeRawBufferPointer(contents.buffer), path: path)
    }

    private func write(_ lines: [KeyringFormat.Line]) throws(CryptographyError) -> Keyring {
        let contents = KeyringFormat.text(lines)
        // What cannot be read again is never put in the place of what can.
        let keyring = try KeyringFormat.parse(UnsafeRawBufferPointer(contents.buffer), path: path)
        try KeyringFile.replace(UnsafeRawBufferPointer(contents.buffer), path: path)
        return keyring
    }

    private static func line(_ line: KeyringFormat.Line, purpose: String, _ material: Secret) -> KeyringFormat.Line {
        KeyringFormat.Line(
            summary: Keyring.KeySummary(
                purpose: purpose, id: line.summary.id, createdAt: line.summary.createdAt, isPrimary: false),
            material: material)
    }
}
