import BridgeCore
import HomeAssistantClient
import Store

/// Why something cannot be proposed: each reason a sentence that says what to do.
package struct ProposalRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The configuration is not valid, or does not fit what is there.
        case invalid
        /// Home Assistant's configuration API cannot change this automation.
        case readOnly = "read_only"
        /// A safety rule blocks it.
        case blocked
        /// Nobody may approve it.
        case nobodyToAsk = "nobody_to_ask"
    }

    package let kind: Kind
    package let sentences: [String]

    package init(_ kind: Kind, _ sentences: [String]) {
        self.kind = kind
        self.sentences = sentences
    }

    package var description: String { sentences.joined(separator: "\n") }
}

/// What our own check of a configuration found.
package struct ProposalFindings: Sendable, Equatable {
    /// It is not worth proposing as it is.
    package var errors: [String] = []
    /// A person should know.
    package var warnings: [String] = []

    package init() {}

    /// Looks whether what a configuration names exists. `facts` are those of the database.
    package static func check(
        _ configuration: ConfigurationValue, facts: ChangeFacts, states: [String: HouseState], services: Set<String>,
        loops: [TriggerLoops.Finding]
    ) -> ProposalFindings {
        var findings = ProposalFindings()
        for service in facts.services.sorted() where !services.isEmpty && !services.contains(service) {
            // Steps of devices have names of their own.
            guard !isOfDevice(service, configuration) else { continue }
            findings.errors.append("It calls \(service), which Home Assistant does not have.")
        }
        for entity in AutomationProblems.entities(in: configuration).sorted() where states[entity] == nil {
            findings.warnings.append("It names \(entity), which does not exist.")
        }
        if facts.hasUnknownServices {
            findings.warnings.append(
                "It calls something that only a template, a blueprint or a script knows: that could not be checked.")
        }
        if facts.hasUnknownEntities {
            findings.warnings.append("It acts on something that is not known beforehand: that could not be checked.")
        }
        for loop in loops {
            if loop.isCertain { findings.errors.append(loop.sentence) } else { findings.warnings.append(loop.sentence) }
        }
        return findings
    }

    private static func isOfDevice(_ service: String, _ value: ConfigurationValue) -> Bool {
        switch value {
        case .array(let elements): return elements.contains { isOfDevice(service, $0) }
        case .object(let members):
            if members["device_id"] != nil, let domain = members["domain"]?.text, let type = members["type"]?.text {
                let forms = ["\(domain).\(type)", "\(domain).\(type)_\(domain)", "\(domain).alarm_\(type)"]
                if forms.contains(service) { return true }
            }
            return members.values.contains { isOfDevice(service, $0) }
        default: return false
        }
    }

    /// Whether a webhook sets it off from anywhere.
    static func isOpenToNetwork(_ configuration: ConfigurationValue) -> Bool {
        TriggerShape.all(of: configuration).contains { trigger in
            trigger.kind == "webhook" && trigger.value["local_only"] == .bool(false)
        }
    }
}
