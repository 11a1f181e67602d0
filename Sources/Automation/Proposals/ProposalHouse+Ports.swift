import BridgeCore
import HomeAssistantClient

extension ProposalHouse {
    /// The Home Assistant at the other end of `ports`. `version` is its release, such as `2025.4.4`; it decides how a
    /// configuration is spelled that is to be validated.
    package init(_ ports: SessionPorts, version: String?) {
        let commands = ports.commands
        let requests = ports.requests
        self.init(
            states: { Self.states(try await commands.ask(#""type":"get_states""#)) },
            services: { Self.services(try await commands.ask(#""type":"get_services""#)) },
            validate: { configuration in
                let fields = Self.validation(configuration, isNew: Self.takesPlural(version))
                return fields == nil ? [] : Self.verdicts(try await commands.ask(fields ?? ""))
            },
            configuration: { id in
                Self.reading(try await requests.send(RESTRequest(.get, Self.path(id))))
            },
            script: { entity in
                do {
                    let answer = try await commands.ask(
                        #""type":"script/config","entity_id":\#(ConfigurationValue.string(entity).json)"#)
                    return ConfigurationValue(json: answer.frame, range: answer.result)?["config"]
                } catch CommandFailure.refused {
                    return nil
                }
            })
    }

    static func states(_ answer: CommandAnswer) -> [String: HouseState] {
        var states: [String: HouseState] = [:]
        for item in ConfigurationValue(json: answer.frame, range: answer.result)?.list ?? [] {
            guard let entity = item["entity_id"]?.text, let state = item["state"]?.text else { continue }
            states[entity] = HouseState(state, attributes: item["attributes"] ?? .object([:]))
        }
        return states
    }

    static func services(_ answer: CommandAnswer) -> Set<String> {
        guard case .object(let domains) = ConfigurationValue(json: answer.frame, range: answer.result) else {
            return []
        }
        var names: Set<String> = []
        for (domain, services) in domains {
            guard case .object(let members) = services else { continue }
            for name in members.keys { names.insert("\(domain).\(name)") }
        }
        return names
    }

    /// The plural spelling came with 2024.10; an unknown release takes it.
    static func takesPlural(_ version: String?) -> Bool {
        let parts = (version ?? "").split(separator: ".").prefix(2).compactMap { Int($0) }
        return parts.count != 2 || (parts[0], parts[1]) >= (2024, 10)
    }

    /// The fields of `validate_config`; `nil` where there is nothing to validate.
    static func validation(_ configuration: ConfigurationValue, isNew: Bool) -> String? {
        var fields: [String] = []
        for (plural, singular) in [("triggers", "trigger"), ("conditions", "condition"), ("actions", "action")] {
            guard let part = configuration[plural] ?? configuration[singular] else { continue }
            let value = isNew ? part : part.inOldSpelling
            fields.append("\"\(isNew ? plural : singular)\":\(value.json)")
        }
        return fields.isEmpty ? nil : (["\"type\":\"validate_config\""] + fields).joined(separator: ",")
    }

    static func verdicts(_ answer: CommandAnswer) -> [Verdict] {
        guard case .object(let parts) = ConfigurationValue(json: answer.frame, range: answer.result) else { return [] }
        return parts.sorted { $0.key < $1.key }.compactMap { part, verdict in
            guard verdict["valid"] == .bool(false) else { return nil }
            let plural = part.hasSuffix("s") ? part : part + "s"
            return Verdict(part: plural, error: verdict["error"]?.text ?? "it is not valid")
        }
    }

    /// Every byte but letters, digits and `-._~` as `%XX`.
    static func path(_ id: String) -> String {
        var path = "api/config/automation/config/"
        for byte in id.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                path.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                path += "%" + (digits.count < 2 ? "0" + digits : digits)
            }
        }
        return path
    }

    static func reading(_ response: RESTResponse) -> Reading {
        switch response.status {
        case 200:
            guard let value = ConfigurationValue(json: response.body), case .object = value else {
                return .unreadable("Home Assistant answered with something that is no configuration.")
            }
            return .found(value)
        case 404: return .missing
        case 401, 403:
            return .unreadable(
                "Home Assistant hands configurations out to administrators alone: use the token of one.")
        case 500...599:
            return .unreadable(
                """
                Home Assistant cannot read automations.yaml for its configuration API (HTTP \(response.status)): a `!secret` or \
                broken YAML is in it. Move the automation with the `!secret` into a package, or write the value another way.
                """)
        default: return .unreadable("Home Assistant answered with HTTP \(response.status).")
        }
    }
}

extension ConfigurationValue {
    /// Steps and triggers as releases before 2024.10 take them: `service` and `platform`.
    fileprivate var inOldSpelling: ConfigurationValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.inOldSpelling))
        case .object(var members):
            if let name = members["action"], name.text != nil, members["service"] == nil {
                members["service"] = members.removeValue(forKey: "action")
            }
            if let name = members["trigger"], name.text != nil, members["platform"] == nil,
                members["condition"] == nil
            {
                members["platform"] = members.removeValue(forKey: "trigger")
            }
            // What is given to a service is its own.
            for (key, value) in members where !SecretRules.beginsPayload(key) { members[key] = value.inOldSpelling }
            return .object(members)
        default: return self
        }
    }
}
