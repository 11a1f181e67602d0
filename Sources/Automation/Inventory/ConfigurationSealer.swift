import BridgeCore
import Cryptography
import FoundationEssentials
import HomeAssistantClient

/// A configuration as it is stored.
package struct SealedConfiguration: Sendable, Equatable {
    /// The configuration with placeholders.
    package var snapshot: ConfigurationValue
    /// SHA-256 of the snapshot in the spelling of today. It covers sealed values by their placeholders.
    package var digest: [UInt8]
    /// The values behind the placeholders; `nil` where there are none.
    package var sealedSecrets: String?
}

/// Seals what must not be stored in clear, with the keys that seal tokens.
package struct ConfigurationSealer: Sendable {
    /// What a sealed text holds: a salt, and each value by the digits of its placeholder.
    private struct Contents {
        var salt: String
        var values: [String: ConfigurationValue]
    }

    private let sealer: TokenSealer

    /// A sealed token is at most 8 KiB long; what is longer is sealed in parts.
    private static let partCount = 8_000

    package init(_ sealer: TokenSealer) { self.sealer = sealer }

    /// Makes of a configuration what may be stored. `previous` is what was sealed with the version before: its salt is kept, so
    /// that equal configurations have equal digests. One that cannot be opened counts as none.
    ///
    /// Throws `.libraryFailure` only.
    package func seal(
        _ configuration: ConfigurationValue, of automation: AutomationID, connection: ConnectionID,
        previous: String? = nil
    ) throws(CryptographyError) -> SealedConfiguration {
        let before = previous.flatMap { (try? contents($0, automation, connection)) ?? nil }
        var walk = Walk(salt: before?.salt ?? Self.salt())
        let snapshot = try walk.replaceAll(configuration)
        let digest = try ConfigurationHash.of(ConfigurationSpelling.normalised(snapshot).json)
        var sealed: String?
        if !walk.values.isEmpty {
            let contents = ConfigurationValue.object(["salt": .string(walk.salt), "values": .object(walk.values)])
            var parts: [String] = []
            var rest = Array(contents.json.utf8)[...]
            while !rest.isEmpty {
                let binding = Self.binding(automation, connection, part: parts.count)
                parts.append(try sealer.seal(Secret(rest.prefix(Self.partCount)), for: binding))
                rest = rest.dropFirst(Self.partCount)
            }
            sealed = parts.joined(separator: " ")
        }
        return SealedConfiguration(snapshot: snapshot, digest: digest.bytes, sealedSecrets: sealed)
    }

    /// The configuration behind a snapshot. With `revealsSecrets` false, only texts are put back that do not look like secrets.
    ///
    /// Throws a `CryptographyError` when a key is missing, or what is sealed was changed or belongs to another automation.
    package func open(
        _ snapshot: ConfigurationValue, sealedSecrets: String?, of automation: AutomationID, connection: ConnectionID,
        revealsSecrets: Bool
    ) throws(CryptographyError) -> ConfigurationValue {
        guard let sealedSecrets, let contents = try contents(sealedSecrets, automation, connection) else {
            return snapshot
        }
        return Self.restore(snapshot, contents.values, revealsSecrets)
    }

    /// Seals each part again with the primary key. Throws a `CryptographyError` when a part does not open.
    package func reseal(
        _ sealedSecrets: String, of automation: AutomationID, connection: ConnectionID
    ) throws(CryptographyError) -> String {
        var parts: [String] = []
        for part in sealedSecrets.split(separator: " ", omittingEmptySubsequences: false) {
            let binding = Self.binding(automation, connection, part: parts.count)
            parts.append(try sealer.reseal(String(part), for: binding))
        }
        return parts.joined(separator: " ")
    }

    private static func restore(
        _ value: ConfigurationValue, _ values: [String: ConfigurationValue], _ revealsSecrets: Bool
    ) -> ConfigurationValue {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text):
            guard let placeholder = Placeholder.parse(text), revealsSecrets || !placeholder.isSecret else {
                return value
            }
            return values[placeholder.digits] ?? value
        case .array(let elements): return .array(elements.map { restore($0, values, revealsSecrets) })
        case .object(let members): return .object(members.mapValues { restore($0, values, revealsSecrets) })
        }
    }

    private func contents(
        _ sealed: String, _ automation: AutomationID, _ connection: ConnectionID
    ) throws(CryptographyError) -> Contents? {
        var text: [UInt8] = []
        for (number, part) in sealed.split(separator: " ").enumerated() {
            let binding = Self.binding(automation, connection, part: number)
            try sealer.open(String(part), for: binding).withBytes { text.append(contentsOf: $0) }
        }
        guard let value = ConfigurationValue(json: text), let salt = value["salt"]?.text,
            case .object(let values) = value["values"]
        else { return nil }
        return Contents(salt: salt, values: values)
    }

    /// No user and no address: such a text can never be taken for the token of a connection, whose origin begins with `http`.
    private static func binding(_ automation: AutomationID, _ connection: ConnectionID, part: Int) -> TokenBinding {
        let nobody = UserID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
        return TokenBinding(
            connectionID: connection, userID: nobody, origin: "automation-backup/v1/\(automation)/\(part)")
    }

    private static func salt() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// One way through a configuration.
    private struct Walk {
        let salt: String
        /// Each sealed value by the digits of its placeholder.
        var values: [String: ConfigurationValue] = [:]

        init(salt: String) { self.salt = salt }

        /// The automation's own id is known to all, and what everything else goes by: it is never sealed, whatever it looks like.
        mutating func replaceAll(_ configuration: ConfigurationValue) throws(CryptographyError) -> ConfigurationValue {
            guard case .object(var members) = configuration, let id = members.removeValue(forKey: "id") else {
                return try replace(configuration, under: "", inPayload: false)
            }
            guard case .object(var replaced) = try replace(.object(members), under: "", inPayload: false) else {
                return configuration
            }
            replaced["id"] = id
            return .object(replaced)
        }

        mutating func replace(
            _ value: ConfigurationValue, under key: String, inPayload: Bool
        ) throws(CryptographyError) -> ConfigurationValue {
            switch value {
            case .object(let members):
                var replaced: [String: ConfigurationValue] = [:]
                // Whatever lies below a key that names a secret is one.
                let isBelowSecret = !key.isEmpty && SecretRules.namesSecret(key)
                let inPayload = inPayload || SecretRules.beginsPayload(key)
                for (name, member) in members {
                    replaced[name] = try replace(member, under: isBelowSecret ? key : name, inPayload: inPayload)
                }
                return .object(replaced)
            case .array(let elements):
                var replaced: [ConfigurationValue] = []
                for element in elements { replaced.append(try replace(element, under: key, inPayload: inPayload)) }
                return .array(replaced)
            default:
                let judgement = SecretRules.judge(value, under: key, inPayload: inPayload)
                guard judgement != .clear else { return value }
                let digits = String(try ConfigurationHash.of(salt + value.json).hex.prefix(16))
                values[digits] = value
                return .string(Placeholder.text(judgement, digits: digits))
            }
        }
    }
}
