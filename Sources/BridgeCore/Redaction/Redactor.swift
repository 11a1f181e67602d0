/// Takes secrets out of text before a person, a file or a database sees it.
///
/// The last line of defence, not the first: secrets are held as `Secret` and are not put into messages. It knows JSON Web
/// Tokens (Home Assistant's long-lived tokens are such), values of keys named like a token or a password in JSON, YAML,
/// query strings and conninfo, passwords in URLs, bearer tokens, and sealed tokens of the database. It rather takes too much than too little. Text without
/// a secret comes back as it is, without a copy. Pure, linear in the length but for bounded looks ahead and behind.
package enum Redactor {
    /// What stands in the place of a secret.
    package static let mark = "‹redacted›"

    /// `text` without secrets.
    package static func redact(_ text: String) -> String {
        var copy = text
        let redacted = copy.withUTF8 { bytes -> String? in
            var scanner = RedactionScanner(bytes)
            guard let output = scanner.run() else { return nil }
            return String(decoding: output, as: UTF8.self)
        }
        return redacted ?? text
    }

    /// Whether a value is secret by the name it goes under, such as `access_token` or `PGPASSWORD`.
    package static func isSecret(key: String) -> Bool {
        let lowered = key.lowercased()
        return SecretNames.keys.contains { lowered.hasSuffix($0) }
    }

    /// The mark as bytes.
    static let markBytes = Array(mark.utf8)
}
