import Foundation

// The REST API of automations, and what goes with it over the socket.
extension FakeConnection {
    private static let path = "/api/config/automation/config/"

    /// Answers a request that is no upgrade; false if it is none of the REST API.
    func answerRequest(head: String, rest: [UInt8]) -> Bool {
        let line = head.prefix { $0 != "\r\n" && $0 != "\r" }.split(separator: " ").map(String.init)
        guard line.count == 3, let range = line[1].range(of: Self.path), let server else { return false }
        var body = rest
        let length = Int(Self.header("content-length", in: head) ?? "0") ?? 0
        while body.count < length {
            guard let more = readSome() else { return true }
            body += more
        }
        let id = String(line[1][range.upperBound...]).removingPercentEncoding ?? ""
        let request = FakeAutomationFile.Request(
            method: line[0], id: id, body: String(decoding: body.prefix(length), as: UTF8.self))
        let token = Self.header("authorization", in: head)?.split(separator: " ").last.map(String.init) ?? ""
        guard behaviour.validTokens.contains(token), behaviour.isAdmin else {
            respond(401, "401: Unauthorized")
            return true
        }
        server.automations.note(request)
        serve(request, of: server)
        return true
    }

    private func serve(_ request: FakeAutomationFile.Request, of server: FakeHomeAssistant) {
        var answers = true
        var isSilent = false
        switch server.automations.rules.fate?(request) ?? .carryOut {
        case .carryOut: break
        case .refuse(let status, let body): return respond(status, body)
        case .bytes(let bytes):
            write(bytes)
            return
        case .dropBefore: return drop()
        case .silence: return drain()
        case .dropAfter: answers = false
        case .silenceAfter:
            answers = false
            isSilent = true
        case .wait(let body): body()
        }
        let answer = server.automations.carryOut(request)
        if answers { respond(answer.status, answer.body) } else if !isSilent { drop() }
        // Home Assistant answers before it reloads.
        if let change = answer.change { server.announce(change) }
        if isSilent { drain() }
    }

    private func respond(_ status: Int, _ body: String) {
        let type = body.hasPrefix("{") ? "application/json" : "text/plain; charset=utf-8"
        write(
            Array(
                ("HTTP/1.1 \(status) Status\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Server: Fake\r\nConnection: close\r\n\r\n\(body)").utf8))
    }

    /// Answers a command about automations and services; `nil` for any other.
    func automationAnswer(_ type: String, _ command: [String: Any]) -> (result: String, after: () -> Void)? {
        guard let server else { return nil }
        let automations = server.automations
        switch type {
        case "get_services":
            var domains: [String: [String: Any]] = [
                "automation": ["turn_on": [:], "turn_off": [:], "reload": [:], "trigger": [:]],
                "persistent_notification": ["create": [:], "dismiss": [:]],
            ]
            for service in automations.rules.services {
                let parts = service.split(separator: ".").map(String.init)
                if parts.count == 2 { domains[parts[0], default: [:]][parts[1]] = [String: Any]() }
            }
            return (FakeAutomationFile.text(domains), {})
        case "validate_config":
            var verdicts: [String: Any] = [:]
            for part in ["triggers", "conditions", "actions"] {
                guard let value = command[part] else { continue }
                let fault = part == "triggers" ? FakeAutomationFile.faultyPart(value) : nil
                verdicts[part] = ["valid": fault == nil, "error": fault ?? NSNull()] as [String: Any]
            }
            return (FakeAutomationFile.text(verdicts), {})
        case "config/entity_registry/get_entries":
            // A house of entities that no registry knows.
            let entities = command["entity_ids"] as? [String] ?? []
            return (FakeAutomationFile.text(Dictionary(entities.map { ($0, NSNull()) }) { first, _ in first }), {})
        case "trace/list" where !automations.entries.isEmpty: return ("[]", {})
        case "automation/config":
            guard let entity = command["entity_id"] as? String,
                let entry = automations.entries.values.first(where: { $0.entityID == entity })
            else { return nil }
            return (#"{"config":\#(entry.json)}"#, {})
        case "call_service":
            let context = automations.makeContext()
            let result = #"{"context":{"id":"\#(context)","parent_id":null,"user_id":"6d85"},"response":null}"#
            guard command["domain"] as? String == "automation", let service = command["service"] as? String,
                ["turn_on", "turn_off"].contains(service)
            else { return (result, {}) }
            let places = [command["target"], command["service_data"]].compactMap { $0 as? [String: Any] }
            let entities = places.flatMap { place -> [String] in
                (place["entity_id"] as? [String]) ?? (place["entity_id"] as? String).map { [$0] } ?? []
            }
            let changes = automations.switchOn(service == "turn_on", entityIDs: entities)
            return (result, { for change in changes { server.announceState(change) } })
        default: return nil
        }
    }
}

extension FakeHomeAssistant {
    /// Tells what follows a change of the file, as Home Assistant 2025.4 does: the states of the one automation, and
    /// `automation_reloaded`, which does not come for a deletion.
    func announce(_ change: FakeAutomationFile.Change) {
        let rules = automations.rules
        rules.beforeReload?()
        guard rules.announcesReload else { return }
        guard let after = change.after else {
            announceState(change)
            registryUpdated("remove", change.before?.entityID)
            return
        }
        if change.before == nil { registryUpdated("create", after.entityID) }
        if let before = change.before, before.json != after.json {
            let away = FakeAutomationFile.state(of: change.id, before, isReloading: true)
            stateChanged(after.entityID, from: FakeAutomationFile.state(of: change.id, before), to: away)
            stateChanged(after.entityID, from: away, to: FakeAutomationFile.state(of: change.id, after))
        } else if change.before == nil {
            stateChanged(after.entityID, from: nil, to: FakeAutomationFile.state(of: change.id, after))
        }
        fire("automation_reloaded", data: "{}")
    }

    /// Tells of a change of a state alone.
    func announceState(_ change: FakeAutomationFile.Change) {
        guard let entity = (change.after ?? change.before)?.entityID else { return }
        stateChanged(
            entity, from: change.before.map { FakeAutomationFile.state(of: change.id, $0) },
            to: change.after.map { FakeAutomationFile.state(of: change.id, $0) })
    }

    private func stateChanged(_ entity: String, from before: String?, to after: String?) {
        fire(
            "state_changed",
            data: #"{"entity_id":"\#(entity)","old_state":\#(before ?? "null"),"new_state":\#(after ?? "null")}"#)
    }

    private func registryUpdated(_ action: String, _ entity: String?) {
        fire("entity_registry_updated", data: #"{"action":"\#(action)","entity_id":"\#(entity ?? "")"}"#)
    }

    private func fire(_ type: String, data: String) {
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let context = #"{"id":"\#(automations.makeContext())","parent_id":null,"user_id":null}"#
        let json =
            #"{"event_type":"\#(type)","data":\#(data),"origin":"LOCAL","time_fired":"\#(time)","context":\#(context)}"#
        push(eventType: type, json: json)
    }
}
