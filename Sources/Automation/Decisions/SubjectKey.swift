import Cryptography

/// What a decision is about, as a text of at most 255 characters.
enum SubjectKey {
    /// `key`, or where it is longer than the column, its beginning and a digest of it all: two entity ids may have 255
    /// characters each.
    static func fitting(_ key: String) -> String {
        guard key.unicodeScalars.count > 255 else { return key }
        // Where OpenSSL cannot compute it, the beginning has to do: then two long keys may be taken for one.
        let digest = (try? sha256Hex(Array(key.utf8))) ?? ""
        return String(String.UnicodeScalarView(key.unicodeScalars.prefix(255 - digest.count))) + digest
    }
}
