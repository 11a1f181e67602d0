import Cryptography

/// One step of the schema: the SQL that takes it and the SQL that takes it back.
package struct Migration: Sendable {
    /// Its place in the order; from 1, without holes.
    package let version: Int
    /// A few words for people, the same as in the file's name; at most 500 characters.
    package let description: String
    /// The SQL that applies it, free of transaction commands: the migrator runs it in one transaction.
    package let up: String
    /// The SQL that undoes it; stored in the database when the migration is applied.
    package let down: String
    /// SHA-256 of the bytes of the `V` file in lowercase hexadecimal digits, by which an edited file is found out. Empty on a
    /// machine whose OpenSSL cannot compute it: the migrator refuses that before it touches the database.
    package let checksum: String

    /// Makes a migration of the bytes of its two files.
    package init(version: Int, description: String, up: [UInt8], down: [UInt8]) {
        self.version = version
        self.description = description
        self.up = String(decoding: up, as: UTF8.self)
        self.down = String(decoding: down, as: UTF8.self)
        checksum = (try? sha256Hex(up)) ?? ""
    }
}
