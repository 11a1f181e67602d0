import BridgeConcurrency
import BridgeCore
import Testing

@testable import HomeAssistantClient

/// Answers commands by their type.
private struct Desk {
    let asked = LockedBox<[ConfigurationValue]>([])
    var answer: @Sendable (ConfigurationValue) throws(CommandFailure) -> String

    var client: ServiceClient {
        ServiceClient(
            CommandPort { [asked, answer] (fields, _) throws(CommandFailure) in
                guard let command = ConfigurationValue(json: "{\(fields)}") else {
                    throw .refused(code: "invalid_format", message: "no JSON")
                }
                asked.withLock { $0.append(command) }
                let frame = Array(try answer(command).utf8)
                return CommandAnswer(frame: frame, result: 0..<frame.count)
            })
    }
}

struct ServiceClientTests {
    @Test func callsAServiceWithDataAndTarget() async throws {
        let desk = Desk { _ in #"{"context":{"id":"01CONTEXT"},"response":null}"# }
        let context = try await desk.client.call(
            "automation", "turn_off", data: .object(["stop_actions": .bool(true)]),
            target: .object(["entity_id": .string("automation.a\"b")]))
        #expect(context == "01CONTEXT")
        let command = try #require(desk.asked.withLock { $0.first })
        #expect(
            command.json
                == #"{"domain":"automation","service":"turn_off","service_data":{"stop_actions":true},"target":{"entity_id":"automation.a\"b"},"type":"call_service"}"#
        )
    }

    @Test func namesEveryService() async throws {
        let desk = Desk { _ in #"{"light":{"turn_on":{},"turn_off":{"name":"x"}},"empty":{},"odd":null,"a":{"b":{}}}"# }
        #expect(try await desk.client.services() == ["light.turn_on", "light.turn_off", "a.b"])
        let broken = Desk { _ in "[]" }
        await #expect(throws: CommandFailure.self) { try await broken.client.services() }
    }

    @Test(arguments: [true, false]) func asksInTheSpellingOfTheRelease(isOld: Bool) async throws {
        let desk = Desk { command throws(CommandFailure) in
            let ending = isOld ? "" : "s"
            for part in ["trigger", "condition", "action"] where command[part + (isOld ? "s" : "")] != nil {
                throw .refused(code: "invalid_format", message: "extra keys not allowed")
            }
            return """
                {"trigger\(ending)":{"valid":false,"error":"Invalid trigger 'pw1' specified"},
                "action\(ending)":{"valid":true,"error":null}}
                """
        }
        let faults = try await desk.client.validate(triggers: .array([]), actions: .array([]), hiding: ["pw1"])
        #expect(faults == ConfigurationFaults(triggers: "Invalid trigger '‹secret›' specified"))
        #expect(faults.sentences.count == 1 && !faults.isEmpty)
        #expect(desk.asked.withLock { $0.count } == (isOld ? 2 : 1))
    }

    @Test func aVerdictThatIsMissingIsNone() async throws {
        let desk = Desk { _ in #"{"triggers":{"valid":true}}"# }
        await #expect(throws: CommandFailure.self) {
            try await desk.client.validate(triggers: .array([]), actions: .array([]))
        }
        let none = Desk { _ in "{}" }
        #expect(try await none.client.validate().isEmpty)
        #expect(none.asked.withLock { $0.isEmpty })
        let refusing = Desk { _ throws(CommandFailure) in throw .refused(code: "invalid_format", message: "no") }
        await #expect(throws: CommandFailure.refused(code: "invalid_format", message: "no")) {
            try await refusing.client.validate(conditions: .array([]))
        }
        let away = Desk { _ throws(CommandFailure) in throw .disconnected }
        await #expect(throws: CommandFailure.disconnected) { try await away.client.validate(conditions: .array([])) }
        #expect(away.asked.withLock { $0.count } == 1)
    }
}
