import BridgeCore
import HomeAssistantClient

extension ProposalHouse {
    /// The Home Assistant at the other end of `ports`.
    package init(_ ports: SessionPorts) {
        let commands = ports.commands
        let services = ServiceClient(commands)
        let file = AutomationConfigurationClient(ports.requests)
        self.init(
            states: { Self.states(try await commands.ask(#""type":"get_states""#)) },
            services: { try await services.services() },
            validate: { configuration in
                Self.verdicts(
                    try await services.validate(
                        triggers: configuration["triggers"], conditions: configuration["conditions"],
                        actions: configuration["actions"]))
            },
            configuration: { id in try await Self.reading(id, file) },
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

    private static func verdicts(_ faults: ConfigurationFaults) -> [Verdict] {
        [("triggers", faults.triggers), ("conditions", faults.conditions), ("actions", faults.actions)].compactMap {
            part, error in error.map { Verdict(part: part, error: $0) }
        }
    }

    private static func reading(
        _ id: String, _ file: AutomationConfigurationClient
    ) async throws(ConfigurationFailure) -> Reading {
        do throws(ConfigurationFailure) {
            return try await file.read(id).map { .found($0) } ?? .missing
        } catch {
            switch error {
            case .unreadableFile, .unauthorised, .refused: return .unreadable("\(error)")
            case .notSent, .noAnswer: throw error
            }
        }
    }
}
