/// The names under which secrets go: in JSON, in queries of URLs, in conninfo and in text. The one list of the product.
///
/// A name counts by its end and without regard to case, with `-` for `_`: `Camera-Access-Token` is one.
enum SecretNames {
    /// What a name says of its value.
    enum Kind: Sendable {
        /// A text under it is secret.
        case text
        /// A text or a number under it is secret.
        case textOrNumber
        /// A text or a number under it is secret where a service of a lock or an alarm is called.
        case code
        /// It holds what is given to a service.
        case serviceData
    }

    /// Names that tell a secret wherever they stand, plain text included.
    static let anywhere = [
        "access_token", "refresh_token", "auth_token", "api_token", "ha_token", "hass_token", "bearer_token",
        "accesstoken", "refreshtoken",
        "password", "passwd", "passphrase", "client_secret", "api_key", "private_key", "authsig", "authorization",
    ]

    /// Names that tell a secret where they are plainly keys. "The token: it is old" is no key and no secret.
    static let keys =
        anywhere + [
            "token", "secret", "passcode", "apikey", "secret_key", "access_key", "auth_key", "encryption_key",
            "network_key", "accesskey", "privatekey", "secretkey", "webhook_id", "cloudhook_url", "_psk", "cookie",
        ]

    /// Names that tell a secret in the query of a URL, where they stand whole.
    static let parameters = ["key", "sig", "signature", "auth", "pwd", "pass", "code"]

    static let anywhereBytes = anywhere.map { Array($0.utf8) }
    private static let keyBytes = keys.map { Array($0.utf8) }
    private static let parameterBytes = parameters.map { Array($0.utf8) }
    private static let codeBytes = ["code", "pin", "pin_code", "usercode", "user_code"].map { Array($0.utf8) }
    /// Names of what people choose and may write without quotes.
    private static let numericBytes = ["password", "passwd", "passcode", "passphrase"].map { Array($0.utf8) }
    private static let serviceDataBytes = Array("service_data".utf8)

    /// Services to which a code is given that opens a door or ends an alarm.
    static let guardedDomains = [
        "alarm_control_panel", "alarmo", "lock", "cover", "valve", "zwave_js", "zha", "keymaster",
    ].map { Array($0.utf8) }

    /// Whether the four bytes before `end` are the last letters of a name that `kind` knows: quick, since those of most keys are
    /// not. There must be four bytes before `end`.
    @inline(__always)
    static func mayBeKnown(_ base: UnsafePointer<UInt8>, end: Int) -> Bool {
        let letters = UnsafeRawPointer(base + (end - 4)).loadUnaligned(as: UInt32.self).bigEndian | 0x2020_2020
        switch letters {
        // oken, word, sswd, rase, cret
        case 0x6F6B_656E, 0x776F_7264, 0x7373_7764, 0x7261_7365, 0x6372_6574: return true
        // _key, -key, ikey, skey, ekey, tkey
        case 0x7F6B_6579, 0x2D6B_6579, 0x696B_6579, 0x736B_6579, 0x656B_6579, 0x746B_6579: return true
        // hsig, k_id, _url, _psk, okie, code, "pin
        case 0x6873_6967, 0x6B7F_6964, 0x7F75_726C, 0x7F70_736B, 0x6F6B_6965, 0x636F_6465, 0x2270_696E: return true
        // zation, not action; _data, not data
        case 0x7469_6F6E: return end >= 6 && base[end - 6] | 0x20 == 0x7A
        case 0x6461_7461: return end >= 6 && base[end - 5] == 0x5F
        default: return false
        }
    }

    /// What the name from `start` to `end` says of what it names.
    static func kind(_ base: UnsafePointer<UInt8>, start: Int, end: Int) -> Kind? {
        if keyBytes.contains(where: { isSuffix($0, base, start: start, end: end) }) {
            return numericBytes.contains { isSuffix($0, base, start: start, end: end) } ? .textOrNumber : .text
        }
        if codeBytes.contains(where: { isWhole($0, base, start: start, end: end) }) { return .code }
        return isWhole(serviceDataBytes, base, start: start, end: end) ? .serviceData : nil
    }

    /// Whether the name from `start` to `end`, before an equals sign, tells a secret. `isParameter`: it follows a `?`, a `&` or the like.
    static func isSecretParameter(_ base: UnsafePointer<UInt8>, start: Int, end: Int, isParameter: Bool) -> Bool {
        if keyBytes.contains(where: { isSuffix($0, base, start: start, end: end) }) { return true }
        return isParameter && parameterBytes.contains { isWhole($0, base, start: start, end: end) }
    }

    private static func isWhole(_ name: [UInt8], _ base: UnsafePointer<UInt8>, start: Int, end: Int) -> Bool {
        end - start == name.count && isSuffix(name, base, start: start, end: end)
    }

    /// Whether what stands before `end`, and not before `start`, ends in `name`, which is in lower case.
    static func isSuffix(_ name: [UInt8], _ base: UnsafePointer<UInt8>, start: Int, end: Int) -> Bool {
        guard end - start >= name.count else { return false }
        var index = end - name.count
        for expected in name {
            let byte = base[index]
            let lowered = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lowered != expected, !(byte == 0x2D && expected == 0x5F) { return false }
            index += 1
        }
        return true
    }
}
