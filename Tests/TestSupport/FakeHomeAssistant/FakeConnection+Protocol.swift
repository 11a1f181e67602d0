import Foundation

// What a Home Assistant answers.
extension FakeConnection {
    /// What a user who is no administrator may subscribe to (the list of 2025.4, in short).
    private static let openEventTypes: Set<String> = [
        "area_registry_updated", "component_loaded", "core_config_updated", "device_registry_updated",
        "entity_registry_updated", "lovelace_updated", "panels_updated", "persistent_notifications_updated",
        "recorder_5min_statistics_generated", "recorder_hourly_statistics_generated", "service_registered",
        "service_removed", "shopping_list_updated", "state_changed", "themes_updated",
    ]

    /// Answers one message; false ends the connection.
    func answer(_ text: String) -> Bool {
        guard let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else {
            close(code: 1000, afterWaiting: true)
            return true
        }
        guard server?.snapshot.connections[number].isAuthenticated == true else {
            return authenticate(json as? [String: Any] ?? [:])
        }
        if let list = json as? [[String: Any]] {
            for command in list { perform(command) }
        } else if let command = json as? [String: Any] {
            perform(command)
        }
        return true
    }

    private func authenticate(_ message: [String: Any]) -> Bool {
        server?.noteAuthAttempt()
        let behaviour = behaviour
        if behaviour.stall == .authAnswer { return true }
        let token = message["access_token"] as? String
        guard message["type"] as? String == "auth", message.count == 2, let token, behaviour.validTokens.contains(token)
        else {
            send(#"{"type":"auth_invalid","message":"Invalid access token or password"}"#)
            close(code: 1000, afterWaiting: true)
            return true
        }
        // First the record, so that who reads auth_ok finds the connection authenticated.
        server?.note(number) { $0.isAuthenticated = true }
        send(#"{"type":"auth_ok","ha_version":"\#(behaviour.version)"}"#)
        return true
    }

    private func perform(_ command: [String: Any]) {
        guard let id = command["id"] as? Int, id > 0, let type = command["type"] as? String else {
            send(Self.error(nil, "invalid_format", "Message incorrectly formatted."))
            return
        }
        server?.note(number) { $0.commands.append(type) }
        let isReused = session.withLock { session in
            defer { session.lastID = max(session.lastID, id) }
            return id <= session.lastID
        }
        if isReused {
            send(Self.error(id, "id_reuse", "Identifier values have to increase."))
            return
        }
        let json =
            (try? JSONSerialization.data(withJSONObject: command)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let wish = behaviour.onCommand?(FakeBehaviour.Command(connection: number, id: id, type: type, json: json))
        switch wish ?? .byDefault {
        case .silence: return
        case .result(let result): send(Self.result(id, result))
        case .messages(let messages): for message in messages { send(message) }
        case .byDefault: performByDefault(id, type, command)
        }
    }

    private func performByDefault(_ id: Int, _ type: String, _ command: [String: Any]) {
        let behaviour = behaviour
        switch type {
        case "supported_features":
            let features = command["features"] as? [String: Any]
            let isCoalescing = features?["coalesce_messages"] as? Int == 1
            session.withLock { $0.isCoalescing = isCoalescing }
            server?.note(number) { $0.isCoalescing = isCoalescing }
            send(Self.result(id, "null"))
        case "ping":
            server?.inTurn {
                server?.ledger?.pinged(on: number)
                guard behaviour.answersPings else { return }
                send([FakeOutbox.Message(text: #"{"id":\#(id),"type":"pong"}"#, isPong: true)])
            }
        case "get_config":
            let core =
                #""version":"\#(behaviour.version)","state":"\#(behaviour.state)","time_zone":"\#(behaviour.timeZone)""#
            let rest = #""location_name":"Home","components":["api","websocket_api"],"recovery_mode":false"#
            send(Self.result(id, "{\(core),\(rest)}"))
        case "auth/current_user":
            let user = #""id":"6d85","name":"Fake","is_owner":\#(behaviour.isAdmin),"is_admin":\#(behaviour.isAdmin)"#
            send(Self.result(id, "{\(user)}"))
        case "get_states":
            server?.inTurn {
                let states =
                    behaviour.states + (server?.automations.states ?? []) + (server?.ledger?.currentStates ?? [])
                send(Self.result(id, "[\(states.joined(separator: ","))]"))
            }
        case "subscribe_events":
            server?.inTurn { subscribe(id, command["event_type"] as? String, isAdmin: behaviour.isAdmin) }
        case "unsubscribe_events": unsubscribe(id, command["subscription"] as? Int)
        case "config/area_registry/list", "config/device_registry/list", "config/entity_registry/list",
            "config/floor_registry/list", "config/label_registry/list":
            // A house of entities that no registry knows; FakeRegistries gives more.
            send(Self.result(id, "[]"))
        default:
            guard let answer = automationAnswer(type, command) else {
                let isKnown = type == "automation/config" && server?.automations.entries.isEmpty == false
                send(
                    isKnown
                        ? Self.error(id, "not_found", "Entity not found")
                        : Self.error(id, "unknown_command", "Unknown command."))
                return
            }
            answer.after()
            send(Self.result(id, answer.result))
        }
    }

    private func subscribe(_ id: Int, _ eventType: String?, isAdmin: Bool) {
        guard isAdmin || eventType.map(Self.openEventTypes.contains) == true else {
            send(Self.error(id, "unauthorized", "Unauthorized"))
            return
        }
        // The result goes out before the first event can.
        send(Self.result(id, "null"))
        session.withLock { $0.subscriptions[id] = .some(eventType) }
        server?.note(number) { $0.subscriptions[id] = .some(eventType) }
    }

    private func unsubscribe(_ id: Int, _ subscription: Int?) {
        let isKnown = session.withLock { $0.subscriptions.removeValue(forKey: subscription ?? 0) } != nil
        server?.note(number) { $0.subscriptions[subscription ?? 0] = nil }
        send(isKnown ? Self.result(id, "null") : Self.error(id, "not_found", "Subscription not found."))
    }

    /// Sends events to the subscriptions of this connection; returns how many messages went out.
    func push(_ events: [(type: String, json: String)], coalesced: Bool) -> Int {
        let (subscriptions, isCoalescing) = session.withLock { ($0.subscriptions, $0.isCoalescing) }
        var messages: [String] = []
        for event in events {
            for (id, type) in subscriptions.sorted(by: { $0.key < $1.key }) where type == nil || type == event.type {
                messages.append(#"{"type":"event","event":\#(event.json),"id":\#(id)}"#)
            }
        }
        guard !messages.isEmpty else { return 0 }
        if coalesced && isCoalescing && messages.count > 1 {
            send("[\(messages.joined(separator: ","))]")
        } else {
            for message in messages { send(message) }
        }
        return messages.count
    }

    /// Queues events of the ledger for the subscriptions of this connection. Called in turn.
    func push(_ events: [EventLedger.Fired]) {
        let subscriptions = session.withLock { $0.subscriptions.sorted { $0.key < $1.key } }
        var messages: [FakeOutbox.Message] = []
        for event in events {
            for (id, type) in subscriptions where type == nil || type == event.type {
                messages.append(
                    FakeOutbox.Message(
                        text: #"{"id":\#(id),"type":"event","event":\#(event.json)}"#, entry: event.number))
            }
        }
        if !messages.isEmpty { send(messages) }
    }

    private static func result(_ id: Int, _ result: String) -> String {
        #"{"id":\#(id),"type":"result","success":true,"result":\#(result)}"#
    }

    private static func error(_ id: Int?, _ code: String, _ message: String) -> String {
        let id = id.map(String.init) ?? "null"
        return #"{"id":\#(id),"type":"result","success":false,"error":{"code":"\#(code)","message":"\#(message)"}}"#
    }
}
