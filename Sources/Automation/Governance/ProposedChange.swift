import HomeAssistantClient

/// What a proposal would do to one automation: the content of `approval_workflow.proposed_changes`.
package struct ProposedChange: Sendable, Equatable {
    package enum Operation: String, Sendable, CaseIterable {
        /// Write a configuration that is not there.
        case create
        /// Write another configuration over the one that is there.
        case modify
        /// Switch it off.
        case pause
        /// Switch it on.
        case resume
        /// Delete it from Home Assistant.
        case retire
    }

    package var operation: Operation
    /// The id in the automation's configuration, never empty.
    package var homeAssistantID: String
    /// `automation.…`; `nil` where it is not known yet.
    package var entityID: String?
    /// The whole configuration, of `create` and `modify` alone, with placeholders for values that look like secrets. Its `id` is
    /// `homeAssistantID`.
    package var configuration: ConfigurationValue?

    package init(
        _ operation: Operation, homeAssistantID: String, entityID: String? = nil,
        configuration: ConfigurationValue? = nil
    ) {
        self.operation = operation
        self.homeAssistantID = homeAssistantID
        self.entityID = entityID
        self.configuration = configuration
    }

    /// Reads the JSON object of `proposed_changes`; `nil` for anything that is no proposal.
    package init?(json: String) {
        guard let value = ConfigurationValue(json: json), case .object = value,
            let operation = value["operation"]?.text.flatMap(Operation.init(rawValue:)),
            let id = value["automation_id"]?.text, !id.isEmpty
        else { return nil }
        let writes = operation == .create || operation == .modify
        let configuration = value["configuration"]
        if writes {
            guard case .object = configuration, configuration?["id"]?.text == id else { return nil }
        } else if configuration != nil {
            return nil
        }
        self.init(operation, homeAssistantID: id, entityID: value["entity_id"]?.text, configuration: configuration)
    }

    /// The JSON object of `proposed_changes`.
    package var json: String {
        var members: [String: ConfigurationValue] = [
            "operation": .string(operation.rawValue), "automation_id": .string(homeAssistantID),
        ]
        members["entity_id"] = entityID.map { .string($0) }
        members["configuration"] = configuration
        return ConfigurationValue.object(members).json
    }
}
