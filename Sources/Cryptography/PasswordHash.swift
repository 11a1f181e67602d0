import COpenSSL

/// A password as it is stored: by scrypt (RFC 7914), with everything that is needed to check it later.
///
/// The text is `$scrypt$ln=15,r=8,p=3$salt$hash`, in standard Base64 without padding. Making and checking one take 32 MiB and a
/// tenth of a second: not on a thread that others wait for, and one at a time (`PasswordDesk` of the console).
package enum PasswordHash {
    /// How much work guessing is. `blockSize` and `lanes` are scrypt's r and p; N is 2 to the power of `costExponent`.
    struct Cost: Equatable {
        var costExponent: UInt64 = 15
        var blockSize: UInt64 = 8
        var lanes: UInt64 = 3

        /// What another program may have stored and this one still computes: 128 MiB and 16 lanes at most.
        var isBearable: Bool {
            (1...17).contains(costExponent) && (1...8).contains(blockSize) && (1...16).contains(lanes)
        }
    }

    /// The text for a new password, with a salt of its own. Throws `.libraryFailure` only.
    package static func make(_ password: String) throws(CryptographyError) -> String {
        let cost = Cost()
        let salt = try RandomSecret.bytes(16)
        let hash = try scrypt(Array(password.utf8), salt: salt, cost, count: 32)
        return
            "$scrypt$ln=\(cost.costExponent),r=\(cost.blockSize),p=\(cost.lanes)$\(plainBase64(salt))$\(plainBase64(hash))"
    }

    /// Whether `password` is the one of `stored`; `false` also where that is no such text. The time it takes says nothing about the
    /// password. Throws `.libraryFailure` only.
    package static func verify(_ password: String, against stored: String) throws(CryptographyError) -> Bool {
        guard let (cost, salt, expected) = parts(of: stored) else { return false }
        let actual = try scrypt(Array(password.utf8), salt: salt, cost, count: expected.count)
        return ConstantTime.equal(actual, expected)
    }

    /// The parameters, the salt and the hash of a stored text; `nil` where it is of another kind.
    static func parts(of stored: String) -> (cost: Cost, salt: [UInt8], hash: [UInt8])? {
        let fields = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt" else { return nil }
        var numbers: [Substring: UInt64] = [:]
        for field in fields[2].split(separator: ",", omittingEmptySubsequences: false) {
            let pair = field.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let number = UInt64(pair[1]), numbers.updateValue(number, forKey: pair[0]) == nil
            else { return nil }
        }
        guard numbers.count == 3, let exponent = numbers["ln"], let size = numbers["r"], let lanes = numbers["p"]
        else { return nil }
        let cost = Cost(costExponent: exponent, blockSize: size, lanes: lanes)
        guard cost.isBearable, let salt = bytes(ofPlainBase64: fields[3]), salt.count >= 8,
            let hash = bytes(ofPlainBase64: fields[4]), (16...64).contains(hash.count)
        else { return nil }
        return (cost, salt, hash)
    }

    /// RFC 7914. Throws `.libraryFailure`.
    static func scrypt(
        _ password: [UInt8], salt: [UInt8], _ cost: Cost, count: Int
    ) throws(CryptographyError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        // OpenSSL reads no byte of an empty password, but takes no missing one for empty.
        let text = password.isEmpty ? [0] : password
        let status = text.withUnsafeBytes { text in
            text.withMemoryRebound(to: CChar.self) { text in
                EVP_PBE_scrypt(
                    text.baseAddress, password.count, salt, salt.count, 1 << cost.costExponent, cost.blockSize,
                    cost.lanes, 256 << 20, &key, count)
            }
        }
        guard status == 1 else { throw .library("EVP_PBE_scrypt") }
        return key
    }

    private static func plainBase64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { Base64.encode($0, .standard, into: &text) }
        return String(decoding: text.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    private static func bytes(ofPlainBase64 text: Substring) -> [UInt8]? {
        let padded = Array(text.utf8) + Array(repeating: UInt8(ascii: "="), count: (4 - text.utf8.count % 4) % 4)
        return padded.withUnsafeBytes { source in
            guard !text.utf8.contains(UInt8(ascii: "=")), let count = Base64.decodedCount(source, .standard) else {
                return nil
            }
            var bytes = [UInt8](repeating: 0, count: count)
            let isWhole = bytes.withUnsafeMutableBytes { Base64.decode(source, .standard, into: $0) }
            return isWhole ? bytes : nil
        }
    }
}
