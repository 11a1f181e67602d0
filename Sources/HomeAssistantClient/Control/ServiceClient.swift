import BridgeCore

/// What Home Assistant finds wrong in the parts of a configuration; `nil` for a part that it takes.
package struct ConfigurationFaults: Sendable, Equatable {
    package var triggers: String?
    package var conditions: String?
    package var actions: String?

    package init(triggers: String? = nil, conditions: String? = nil, actions: String? = nil) {
        self.triggers = triggers
        self.conditions = conditions
        self.actions = actions
    }

    package var isEmpty: Bool { triggers == nil && conditions == nil && actions == nil }

    /// A sentence for each fault.
    package var sentences: [String] {
        func sentence(_ part: String, _ fault: String?) -> [String] {
            fault.map { ["Home Assistant does not take its \(part): \($0)"] } ?? []
        }
        return sentence("triggers", triggers) + sentence("conditions", conditions) + sentence("actions", actions)
    }
}

/// Calls services of Home Assistant, and asks it what it would take.
package struct ServiceClient: Sendable {
    private let port: CommandPort
    private let answerLimit: Duration

    /// Asks over `port`, and waits for each answer no longer than `answerLimit`.
    package init(_ port: CommandPort, answerLimit: Duration = .seconds(30)) {
        self.port = port
        self.answerLimit = answerLimit
    }

    /// Calls a service and waits until it is done. Home Assistant also answers so for an entity that does not exist: look at the
    /// state afterwards. After `.timedOut` and `.disconnected` it may have been carried out.
    ///
    /// - Parameters:
    ///   - data: an object; `nil` for none.
    ///   - target: an object of `entity_id`, `device_id`, `area_id` and the like; `nil` for none.
    /// - Returns: the id of the context of what the call causes, where Home Assistant tells it.
    @discardableResult
    package func call(
        _ domain: String, _ service: String, data: ConfigurationValue? = nil, target: ConfigurationValue? = nil
    ) async throws(CommandFailure) -> String? {
        var members: [String: ConfigurationValue] = ["domain": .string(domain), "service": .string(service)]
        members["service_data"] = data
        members["target"] = target
        let answer = try await ask("call_service", members)
        return Self.value(of: answer)?["context"]?["id"]?.text
    }

    /// Every service that there is, as `light.turn_on`. Throws `.refused` with the code `no_list` for an answer that is none.
    package func services() async throws(CommandFailure) -> Set<String> {
        let answer = try await ask("get_services", [:])
        guard case .object(let domains) = Self.value(of: answer) else {
            throw .refused(code: "no_list", message: "Its services are no list.")
        }
        var names: Set<String> = []
        for (domain, services) in domains {
            guard case .object(let services) = services else { continue }
            for service in services.keys { names.insert("\(domain).\(service)") }
        }
        return names
    }

    /// Lets Home Assistant look at parts of a configuration. It judges their form alone: services and entities that do not exist
    /// pass. A part that is `nil` is not looked at.
    ///
    /// - Parameter secrets: texts that a fault must not quote.
    package func validate(
        triggers: ConfigurationValue? = nil, conditions: ConfigurationValue? = nil, actions: ConfigurationValue? = nil,
        hiding secrets: [String] = []
    ) async throws(CommandFailure) -> ConfigurationFaults {
        let parts = ["trigger": triggers, "condition": conditions, "action": actions].compactMapValues { $0 }
        guard !parts.isEmpty else { return ConfigurationFaults() }
        let plural = Dictionary(uniqueKeysWithValues: parts.map { ("\($0.key)s", $0.value) })
        let answer: CommandAnswer
        do throws(CommandFailure) {
            answer = try await ask("validate_config", plural)
        } catch {
            // Before 2024.10 the parts had names in the singular, and others are refused as a whole.
            guard case .refused(code: "invalid_format", _) = error else { throw error }
            do throws(CommandFailure) {
                answer = try await ask("validate_config", parts)
            } catch let second {
                if case .refused(code: "invalid_format", _) = second { throw error }
                throw second
            }
        }
        guard let value = Self.value(of: answer) else {
            throw .refused(code: "no_answer", message: "It does not say whether the configuration is valid.")
        }
        var faults: [String: String] = [:]
        for part in parts.keys {
            guard let verdict = value["\(part)s"] ?? value[part], case .bool(let isValid) = verdict["valid"] else {
                throw .refused(code: "no_answer", message: "It does not say whether the \(part)s are valid.")
            }
            if !isValid {
                faults[part] = ForeignText.shown(verdict["error"]?.text ?? "no reason given", hiding: secrets)
            }
        }
        return ConfigurationFaults(
            triggers: faults["trigger"], conditions: faults["condition"], actions: faults["action"])
    }

    private func ask(
        _ type: String, _ members: [String: ConfigurationValue]
    ) async throws(CommandFailure) -> CommandAnswer {
        var members = members
        members["type"] = .string(type)
        // The fields without the braces, as the port takes them.
        let object = ConfigurationValue.object(members).json
        return try await port.ask(String(object.dropFirst().dropLast()), within: answerLimit)
    }

    private static func value(of answer: CommandAnswer) -> ConfigurationValue? {
        ConfigurationValue(json: answer.frame, range: answer.result)
    }
}
