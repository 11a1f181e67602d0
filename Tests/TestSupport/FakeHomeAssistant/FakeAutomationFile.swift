import BridgeConcurrency
import Foundation

/// The automations of a fake house: its `automations.yaml`, and what Home Assistant shows of them. Everything may be called from any
/// thread. Changes are carried out as Home Assistant 2025.4 does, see `FakeHomeAssistant.automations`.
package final class FakeAutomationFile: Sendable {
    /// One entry of the file.
    package struct Entry: Sendable, Equatable {
        /// The configuration as it stands in the file, a JSON object with sorted keys.
        package var json: String
        package var entityID: String
        package var isOn = true
        /// A configuration that Home Assistant cannot load.
        package var isUnavailable = false

        package init(json: String, entityID: String, isOn: Bool = true, isUnavailable: Bool = false) {
            self.json = json
            self.entityID = entityID
            self.isOn = isOn
            self.isUnavailable = isUnavailable
        }
    }

    /// A request to the REST API that was read as a whole.
    package struct Request: Sendable, Equatable {
        package var method: String
        /// The last segment of its path, decoded.
        package var id: String
        package var body: String
    }

    /// What becomes of a request.
    package enum Fate: Sendable {
        case carryOut
        /// Answered so, and not carried out.
        case refuse(status: Int, body: String)
        /// Answered with these bytes, whatever they are, and not carried out; the connection ends.
        case bytes([UInt8])
        /// The connection ends; nothing is carried out.
        case dropBefore
        /// It is carried out, and the connection ends without an answer.
        case dropAfter
        /// Not carried out and never answered.
        case silence
        /// Carried out, and never answered.
        case silenceAfter
        /// Waits for the closure to return, then carries it out. It blocks the thread of the request alone.
        case wait(@Sendable () -> Void)
    }

    /// What the house does.
    package struct Rules: Sendable {
        /// Asked about each request that is authorised.
        package var fate: (@Sendable (Request) -> Fate)?
        /// A `!secret` or broken YAML in the file: every request is answered with 500.
        package var isFileBroken = false
        /// Whether `automation_reloaded` and the states that go with it come after a change.
        package var announcesReload = true
        /// Called between the answer to a change and what the reload announces.
        package var beforeReload: (@Sendable () -> Void)?
        /// New and changed automations with such a configuration are `unavailable`.
        package var isUnloadable: (@Sendable (String) -> Bool)?
        /// The services of the house, besides those of automations: `light.turn_on`.
        package var services: Set<String> = ["light.turn_on", "light.turn_off", "input_boolean.toggle"]

        package init() {}
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var rules = Rules()
        var requests: [Request] = []
        var contexts = 0
    }

    private let state = LockedBox(State())

    package init() {}

    // MARK: For tests

    /// By id. Setting them says nothing to anyone, as an edit of the file.
    package var entries: [String: Entry] {
        get { state.withLock { $0.entries } }
        set { state.withLock { $0.entries = newValue } }
    }

    package var rules: Rules { state.withLock { $0.rules } }

    package func update(_ body: @Sendable (inout Rules) -> Void) { state.withLock { body(&$0.rules) } }

    /// Every authorised request, in order.
    package var requests: [Request] { state.withLock { $0.requests } }

    /// Requests that would change something.
    package var changes: [Request] { requests.filter { $0.method != "GET" } }

    /// Puts an automation into the file and lets Home Assistant load it, without announcing that.
    package func add(_ id: String, _ json: String, entityID: String? = nil, isOn: Bool = true) {
        state.withLock { state in
            state.entries[id] = Entry(
                json: Self.stored(json, id: id) ?? json, entityID: entityID ?? "automation.\(Self.slug(id))",
                isOn: isOn)
        }
    }

    // MARK: States

    /// The states of all automations, each a JSON object.
    package var states: [String] { entries.sorted { $0.key < $1.key }.map { Self.state(of: $0.key, $0.value) } }

    static func state(of id: String, _ entry: Entry, isReloading: Bool = false) -> String {
        let fields = object(entry.json) ?? [:]
        let isAway = isReloading || entry.isUnavailable
        var attributes: [String: Any] = ["id": id, "friendly_name": fields["alias"] as? String ?? entry.entityID]
        if isAway {
            attributes["restored"] = true
        } else {
            attributes["mode"] = fields["mode"] as? String ?? "single"
            attributes["current"] = 0
            attributes["last_triggered"] = NSNull()
        }
        let time = Date.now.formatted(.iso8601)
        return text([
            "entity_id": entry.entityID, "state": isAway ? "unavailable" : entry.isOn ? "on" : "off",
            "attributes": attributes, "last_changed": time, "last_updated": time,
            "context": ["id": "01FAKE", "parent_id": NSNull(), "user_id": NSNull()],
        ])
    }

    func note(_ request: Request) { state.withLock { $0.requests.append(request) } }

    /// A context id that was not given before.
    func makeContext() -> String {
        state.withLock { state in
            state.contexts += 1
            return "01FAKE\(String(repeating: "0", count: max(0, 20 - String(state.contexts).count)))\(state.contexts)"
        }
    }

    // MARK: Requests

    /// What a request changes, to be told afterwards.
    struct Change {
        var id: String
        var before: Entry?
        var after: Entry?
    }

    struct Answer {
        var status: Int
        var body: String
        var change: Change?

        static func message(_ status: Int, _ text: String) -> Answer {
            Answer(status: status, body: FakeAutomationFile.text(["message": text]))
        }
    }

    func carryOut(_ request: Request) -> Answer {
        state.withLock { state in
            if state.rules.isFileBroken { return Answer(status: 500, body: "500 Internal Server Error") }
            let before = state.entries[request.id]
            let done = #"{"result":"ok"}"#
            switch request.method {
            case "GET":
                return before.map { Answer(status: 200, body: $0.json) } ?? .message(404, "Resource not found")
            case "DELETE":
                guard let before else { return .message(400, "Resource not found") }
                state.entries[request.id] = nil
                return Answer(status: 200, body: done, change: Change(id: request.id, before: before))
            case "POST":
                guard let fields = Self.object(request.body) else {
                    return request.body.hasPrefix("[")
                        ? Answer(status: 500, body: "500 Internal Server Error")
                        : .message(400, "Invalid JSON specified")
                }
                if let fault = Self.fault(fields) { return .message(400, "Message malformed: \(fault)") }
                guard let json = Self.stored(request.body, id: request.id) else {
                    return .message(400, "Message malformed: expected a dictionary")
                }
                let id = fields["id"] as? String ?? request.id
                var after = before ?? Entry(json: json, entityID: Self.entityID(fields, id, state.entries))
                after.json = json
                after.isUnavailable = state.rules.isUnloadable?(json) ?? false
                state.entries[id] = after
                return Answer(status: 200, body: done, change: Change(id: id, before: before, after: after))
            default: return Answer(status: 405, body: "405: Method Not Allowed")
            }
        }
    }

    /// Switches automations on or off; what changed.
    func switchOn(_ isOn: Bool, entityIDs: [String]) -> [Change] {
        state.withLock { state in
            var changes: [Change] = []
            for (id, entry) in state.entries
            where entityIDs.contains(entry.entityID) && entry.isOn != isOn && !entry.isUnavailable {
                var after = entry
                after.isOn = isOn
                state.entries[id] = after
                changes.append(Change(id: id, before: entry, after: after))
            }
            return changes
        }
    }

    // MARK: Configurations

    private static let plurals = ["trigger": "triggers", "condition": "conditions", "action": "actions"]

    /// The spelling in which Home Assistant 2025 stores a configuration; `nil` for one that is no object.
    static func stored(_ json: String, id: String) -> String? {
        guard var fields = object(json) else { return nil }
        fields["id"] = fields["id"] ?? id
        for (old, new) in plurals {
            if let value = fields.removeValue(forKey: old) { fields[new] = value as? [Any] ?? [value] }
        }
        if let actions = fields["actions"] as? [[String: Any]] {
            fields["actions"] = actions.map { step in
                var step = step
                if let service = step.removeValue(forKey: "service") { step["action"] = service }
                return step
            }
        }
        return text(fields)
    }

    /// What Home Assistant finds wrong.
    static func fault(_ fields: [String: Any]) -> String? {
        for (old, new) in plurals where fields[old] != nil && fields[new] != nil {
            return "Cannot specify both '\(old)' and '\(new)'. Please use '\(new)' only."
        }
        for (old, new) in plurals where old != "condition" && fields[old] == nil && fields[new] == nil {
            return "required key not provided @ data['\(new)']"
        }
        let known = Set(plurals.keys).union(plurals.values).union([
            "id", "alias", "description", "mode", "max", "max_exceeded", "variables", "trigger_variables", "trace",
            "initial_state", "use_blueprint",
        ])
        if let stranger = fields.keys.sorted().first(where: { !known.contains($0) }) {
            return "extra keys not allowed @ data['\(stranger)']"
        }
        return faultyPart(fields["triggers"] ?? fields["trigger"])
    }

    /// What is wrong in triggers: `nope` is the one that no Home Assistant has.
    static func faultyPart(_ value: Any?) -> String? {
        for trigger in value as? [[String: Any]] ?? (value as? [String: Any]).map({ [$0] }) ?? [] {
            if [trigger["trigger"], trigger["platform"]].contains(where: { $0 as? String == "nope" }) {
                return "Invalid trigger 'nope' specified"
            }
        }
        return nil
    }

    private static func entityID(_ fields: [String: Any], _ id: String, _ entries: [String: Entry]) -> String {
        let wish = "automation.\(slug(fields["alias"] as? String ?? id))"
        let taken = Set(entries.values.map(\.entityID))
        var number = 1
        var name = wish
        while taken.contains(name) {
            number += 1
            name = "\(wish)_\(number)"
        }
        return name
    }

    private static func slug(_ text: String) -> String {
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? "unnamed" : words.joined(separator: "_")
    }

    static func object(_ json: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any]
    }

    static func text(_ value: Any) -> String {
        let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}
