import BridgeCore
import HomeAssistantClient

extension ChangeHouse {
    /// The Home Assistant of a session: the configuration API beside its socket, states and services over it.
    package static func over(_ ports: SessionPorts) -> ChangeHouse {
        let requests = ports.requests
        let commands = ports.commands
        return ChangeHouse(
            read: { (id, limit) throws(ChangeHouseFailure) in
                do throws(ConfigurationFailure) {
                    return try await AutomationConfigurationClient(requests, answerLimit: limit).read(id)
                } catch { throw ChangeHouseFailure(error) }
            },
            write: { (configuration, id, limit) throws(ChangeHouseFailure) in
                do throws(ConfigurationFailure) {
                    try await AutomationConfigurationClient(requests, answerLimit: limit).write(configuration, as: id)
                } catch { throw ChangeHouseFailure(error) }
            },
            delete: { (id, limit) throws(ChangeHouseFailure) in
                do throws(ConfigurationFailure) {
                    return try await AutomationConfigurationClient(requests, answerLimit: limit).delete(id)
                } catch { throw ChangeHouseFailure(error) }
            },
            turn: { (entity, isOn, limit) throws(ChangeHouseFailure) in
                do throws(CommandFailure) {
                    try await ServiceClient(commands, answerLimit: limit).call(
                        "automation", isOn ? "turn_on" : "turn_off",
                        data: isOn ? nil : .object(["stop_actions": .bool(true)]),
                        target: .object(["entity_id": .string(entity)]))
                } catch { throw ChangeHouseFailure(error) }
            },
            automations: { (limit) throws(ChangeHouseFailure) in
                do throws(CommandFailure) {
                    return try await AutomationReader(commands, answerLimit: limit).states().automations
                } catch { throw ChangeHouseFailure(error) }
            })
    }
}

extension ChangeHouseFailure {
    /// What a failure of the configuration API means for a change.
    init(_ failure: ConfigurationFailure) {
        self =
            switch failure {
            case .refused(_, let message): .refused(message)
            case .unreadableFile: .unreadableFile
            case .unauthorised: .unauthorised
            case .notSent(let reason): .notSent(reason)
            case .noAnswer(let reason): .noAnswer(reason)
            }
    }

    /// What a failure of a command means for a change.
    init(_ failure: CommandFailure) {
        self =
            switch failure {
            // Integrations are being loaded: it will know the command soon.
            case .refused("unknown_command", let message): .notSent(message)
            case .refused("unauthorized", _): .unauthorised
            case .refused(_, let message): .refused(message)
            case .timedOut: .noAnswer(failure.description)
            case .disconnected: .disconnected
            }
    }
}
