import BridgeConcurrency
import BridgeCore
import Foundation

/// The recorder of a fake house: keeps states and answers `history/history_during_period` as Home Assistant 2025.4 does.
///
/// To plug it in: `behaviour.onCommand = { history.reply(to: $0) }`. Everything may be called from any thread.
package final class FakeHistory: Sendable {
    /// What a command is answered with.
    package enum Answer: Sendable, Equatable {
        /// The value of `result`, as JSON.
        case result(String)
        case error(code: String, message: String)
    }

    private struct State {
        /// `nil` when the entity was removed.
        var state: String?
        /// A JSON object.
        var attributes: String
        /// Seconds since 1970, as Home Assistant keeps them: not always a whole number of microseconds.
        var updated: Double
        var changed: Double
    }

    private struct Store {
        var states: [String: [State]] = [:]
        /// The newest state of each entity, committed or not.
        var current: [String: State] = [:]
        var uncommitted: [(entity: String, state: State)] = []
        var isCommitting = true
        var isLoaded = true
        var isRecording = true
        var backlog = 0
        var refused: [String: String] = [:]
        var queries: [String] = []
    }

    private let store = LockedBox(Store())

    package init() {}

    // MARK: What happens in the house

    /// Records a state; `attributes` is a JSON object.
    package func set(_ entity: String, _ state: String, attributes: String = "{}", at time: Timestamp) {
        set(entity, state, attributes: attributes, atSeconds: Self.seconds(time))
    }

    /// Records a state at a time that need not be a whole microsecond.
    package func set(_ entity: String, _ state: String, attributes: String = "{}", atSeconds seconds: Double) {
        store.withLock { store in
            let before = store.current[entity]
            let changed = before?.state == state ? before?.changed ?? seconds : seconds
            Self.record(
                entity, State(state: state, attributes: attributes, updated: seconds, changed: changed), &store)
        }
    }

    /// Records that the entity is gone.
    package func remove(_ entity: String, at time: Timestamp) {
        let seconds = Self.seconds(time)
        store.withLock {
            Self.record(entity, State(state: nil, attributes: "{}", updated: seconds, changed: seconds), &$0)
        }
    }

    /// While it is false, states wait uncommitted and no answer has them, as between two commits of the recorder.
    package var isCommitting: Bool {
        get { store.withLock(\.isCommitting) }
        set {
            store.withLock { store in
                store.isCommitting = newValue
                guard newValue else { return }
                for (entity, state) in store.uncommitted { store.states[entity, default: []].append(state) }
                store.uncommitted = []
            }
        }
    }

    /// While it is false, commands of the history are unknown, as they are while Home Assistant starts.
    package var isLoaded: Bool {
        get { store.withLock(\.isLoaded) }
        set { store.withLock { $0.isLoaded = newValue } }
    }

    /// What `recorder/info` says.
    package var isRecording: Bool {
        get { store.withLock(\.isRecording) }
        set { store.withLock { $0.isRecording = newValue } }
    }

    /// How many events the recorder has still to write.
    package var backlog: Int {
        get { store.withLock(\.backlog) }
        set { store.withLock { $0.backlog = newValue } }
    }

    /// Makes every question about this entity fail with this code.
    package func refuse(_ entity: String, code: String) { store.withLock { $0.refused[entity] = code } }

    /// Deletes what is older, as the nightly purge does.
    package func purge(before time: Timestamp) {
        let seconds = Self.seconds(time)
        store.withLock { $0.states = $0.states.mapValues { $0.filter { $0.updated >= seconds } } }
    }

    /// How many states are kept, committed ones.
    package var count: Int { store.withLock { $0.states.values.reduce(0) { $0 + $1.count } } }

    /// The questions asked so far, whole messages.
    package var queries: [String] { store.withLock(\.queries) }

    /// The present states as `get_states` gives them, in the order of entity ids.
    package var currentStates: [String] {
        store.withLock { store in
            store.current.sorted { $0.key < $1.key }.compactMap { entity, state in
                guard let text = state.state, let updated = Timestamp(secondsSince1970: state.updated),
                    let changed = Timestamp(secondsSince1970: state.changed)
                else { return nil }
                return """
                    {"entity_id":\(Self.quoted(entity)),"state":\(Self.quoted(text)),"attributes":\(state.attributes),\
                    "last_changed":"\(changed.iso8601)","last_updated":"\(updated.iso8601)",\
                    "context":{"id":"01FAKE","parent_id":null,"user_id":null}}
                    """
            }
        }
    }

    // MARK: Answers

    /// For `FakeBehaviour.onCommand`: answers questions about history and the recorder, and leaves everything else to the default.
    package func reply(to command: FakeBehaviour.Command) -> FakeBehaviour.Reply {
        switch answer(to: command.json) {
        case nil: .byDefault
        case .result(let json): .result(json)
        case .error(let code, let message):
            .messages([
                #"{"id":\#(command.id),"type":"result","success":false,"error":{"code":"\#(code)","message":"\#(message)"}}"#
            ])
        }
    }

    /// The answer to a whole message; `nil` when it is about something else.
    package func answer(to json: String) -> Answer? {
        guard let message = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] else {
            return nil
        }
        switch message["type"] as? String {
        case "recorder/info":
            return .result(
                #"{"backlog":\#(backlog),"max_backlog":65000,"migration_in_progress":false,"recording":\#(isRecording),"thread_running":true}"#
            )
        case "history/history_during_period":
            // Outside the lock, so that a long answer does not keep the house from living.
            let copy = store.withLock { store in
                store.queries.append(json)
                return store
            }
            return Self.history(message, copy)
        default: return nil
        }
    }

    private static func history(_ message: [String: Any], _ store: Store) -> Answer {
        guard store.isLoaded else { return .error(code: "unknown_command", message: "Unknown command.") }
        guard let start = (message["start_time"] as? String).flatMap({ Timestamp(iso8601: $0) }).map(seconds) else {
            return .error(code: "invalid_start_time", message: "Invalid start_time")
        }
        guard let entities = message["entity_ids"] as? [String] else {
            return .error(code: "invalid_format", message: "required key not provided")
        }
        if entities.isEmpty { return .error(code: "unknown_error", message: "Unknown error") }
        if entities.contains(where: { store.current[$0] == nil && !isValid($0) }) {
            return .error(code: "invalid_entity_ids", message: "Invalid entity_ids")
        }
        if let code = entities.lazy.compactMap({ store.refused[$0] }).first {
            return .error(code: code, message: "Unknown error")
        }
        let end = (message["end_time"] as? String).flatMap { Timestamp(iso8601: $0) }.map(seconds) ?? .infinity
        let oldest = store.states.values.compactMap(\.first?.updated).min() ?? .infinity
        if start > seconds(.now) || end < oldest { return .result("{}") }
        let options = Options(message)
        let lists = Set(entities).sorted().compactMap { entity -> String? in
            let all = store.states[entity] ?? []
            var rows = all.filter { $0.updated > start && $0.updated < end }
            if options.significantOnly { rows = rows.filter { $0.changed == $0.updated } }
            if options.startState, oldest <= start, var first = all.last(where: { $0.updated < start }) {
                first.updated = start
                rows.insert(first, at: 0)
            }
            guard !rows.isEmpty else { return nil }
            let list = rows.enumerated().map { json($1, hasAttributes: options.hasAttributes(row: $0)) }
            return "\(quoted(entity)):[\(list.joined(separator: ","))]"
        }
        return .result("{\(lists.joined(separator: ","))}")
    }

    private struct Options {
        let significantOnly: Bool
        let startState: Bool
        let minimal: Bool
        let noAttributes: Bool

        /// With Home Assistant's defaults.
        init(_ message: [String: Any]) {
            significantOnly = message["significant_changes_only"] as? Bool ?? true
            startState = message["include_start_time_state"] as? Bool ?? true
            minimal = message["minimal_response"] as? Bool ?? false
            noAttributes = message["no_attributes"] as? Bool ?? false
        }

        func hasAttributes(row: Int) -> Bool { !noAttributes && !(minimal && row > 0) }
    }

    private static func json(_ state: State, hasAttributes: Bool) -> String {
        var parts = ["\"s\":" + (state.state.map(quoted) ?? "null")]
        if hasAttributes { parts.append("\"a\":\(state.attributes)") }
        // Swift and Python both print the shortest text that gives the same float.
        parts.append("\"lu\":\(state.updated)")
        if state.changed != state.updated { parts.append("\"lc\":\(state.changed)") }
        return "{\(parts.joined(separator: ","))}"
    }

    private static func record(_ entity: String, _ state: State, _ store: inout Store) {
        store.current[entity] = state
        if store.isCommitting {
            store.states[entity, default: []].append(state)
        } else {
            store.uncommitted.append((entity, state))
        }
    }

    /// What Python's `datetime.timestamp()` gives.
    private static func seconds(_ time: Timestamp) -> Double { Double(time.microseconds) / 1_000_000 }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.appendQuoted(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isValid(_ entity: String) -> Bool {
        !entity.contains("__") && entity.wholeMatch(of: /[\da-z]([\da-z_]*[\da-z])?\.[\da-z]([\da-z_]*[\da-z])?/) != nil
    }
}
