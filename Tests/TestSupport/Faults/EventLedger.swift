import BridgeConcurrency
import BridgeCore

/// Keeps account of everything that one Home Assistant fired: what a bridge must have stored, or declared as missed.
///
/// It knows an event by what it says, not by the bridge's id: a state by its entity and `last_updated`, any other event by its
/// type and the number in its data. Every event has a time of its own, in microseconds, so that nothing is the same by chance.
package final class EventLedger: Sendable {
    /// What happened.
    package enum Kind: Sendable, Equatable {
        case state
        case removal
        case other
    }

    /// One event.
    package struct Entry: Sendable {
        package let number: Int
        package let kind: Kind
        package let type: String
        package let entity: String?
        /// When it was fired, which is also its own time.
        package let time: Timestamp
        package let oldState: String?
        package let newState: String?
        /// The JSON object that the row must hold: the state's attributes, or the event's data.
        package let attributes: String
        package let context: String
        /// Whether the history of this Home Assistant holds it, or will.
        package let isRecorded: Bool
        /// Whether the bridge said, by its next ping, that it has everything up to a pong behind this event.
        package var isOwed = false
        /// How often it went out.
        package var copies = 0
    }

    /// An event ready to be sent.
    package struct Fired: Sendable {
        package let number: Int
        package let type: String
        /// The value of `event`.
        package let json: String
        /// The new state for the history; nil for other events.
        package let state: String?
    }

    private struct Socket {
        /// Entries that went out and are not confirmed, in their order.
        var sent: [Int] = []
        /// How many of them went out before the last pong.
        var beforePong: Int?
    }

    private struct State {
        var entries: [Entry] = []
        /// The number of the first of them; earlier ones are settled and forgotten.
        var base = 0
        /// The number of the next one.
        var next: Int { base + entries.count }
        var sockets: [Int: Socket] = [:]
        var current: [String: String] = [:]
        var currentState: [String: String] = [:]
        var lastTime: Int64 = 0
        var accountableFrom = 0
        var kept: [Fired]?
        var recorder: (@Sendable (RecordedState) -> Void)?
    }

    private let state = LockedBox(State())

    package init() {}

    /// Everything that was fired so far and not forgotten.
    package var entries: [Entry] { state.withLock { $0.entries } }

    package var count: Int { state.withLock { $0.next } }

    /// Forgets everything so far, which has been accounted for.
    package func forget() {
        state.withLock { state in
            state.base = state.next
            state.entries = []
        }
    }

    /// What `get_states` answers.
    package var currentStates: [String] { state.withLock { $0.current.sorted { $0.key < $1.key }.map(\.value) } }

    /// What a recorder keeps of a state.
    package struct RecordedState: Sendable {
        package let entity: String
        /// `nil` when the entity was removed.
        package let state: String?
        package let attributes: String
        package let time: Timestamp
    }

    /// Called with each state that the history keeps, in their order.
    package func onRecordedState(_ body: @escaping @Sendable (RecordedState) -> Void) {
        state.withLock { $0.recorder = body }
    }

    /// From now on the bridge answers for every event. Before it has seen Home Assistant once, there is nothing to miss.
    package func beginAccount() { state.withLock { $0.accountableFrom = $0.next } }

    /// The number of the first event that the bridge answers for.
    package var accountableFrom: Int { state.withLock { $0.accountableFrom } }

    /// Keeps what is fired from now on, for `kept`.
    package func keepFired() { state.withLock { $0.kept = $0.kept ?? [] } }

    /// What was fired since `keepFired`, to be sent once more.
    package var kept: [Fired] { state.withLock { $0.kept ?? [] } }

    // MARK: Firing

    /// A state of an entity.
    package func change(
        _ entity: String, to value: String, attributes: String = "{}", isRecorded: Bool = true
    ) -> Fired {
        state.withLock { state in
            let time = Self.nextTime(&state)
            let number = state.next
            let context = "C\(number)"
            let json = Self.stateJSON(entity, value, attributes, time, context)
            let old = state.current[entity]
            state.entries.append(
                Entry(
                    number: number, kind: .state, type: "state_changed", entity: entity, time: time,
                    oldState: state.currentState[entity], newState: value, attributes: attributes, context: context,
                    isRecorded: isRecorded))
            state.current[entity] = json
            state.currentState[entity] = value
            let data = #"{"entity_id":"\#(entity)","old_state":\#(old ?? "null"),"new_state":\#(json)}"#
            let fired = Fired(
                number: number, type: "state_changed", json: Self.eventJSON("state_changed", data, time, context),
                state: json)
            state.kept?.append(fired)
            if isRecorded {
                state.recorder?(RecordedState(entity: entity, state: value, attributes: attributes, time: time))
            }
            return fired
        }
    }

    /// The end of an entity.
    package func remove(_ entity: String) -> Fired {
        state.withLock { state in
            let time = Self.nextTime(&state)
            let number = state.next
            let context = "C\(number)"
            let old = state.current.removeValue(forKey: entity)
            state.entries.append(
                Entry(
                    number: number, kind: .removal, type: "state_changed", entity: entity, time: time,
                    oldState: state.currentState.removeValue(forKey: entity), newState: nil, attributes: "null",
                    context: context, isRecorded: false))
            let data = #"{"entity_id":"\#(entity)","old_state":\#(old ?? "null"),"new_state":null}"#
            let fired = Fired(
                number: number, type: "state_changed", json: Self.eventJSON("state_changed", data, time, context),
                state: nil)
            state.kept?.append(fired)
            state.recorder?(RecordedState(entity: entity, state: nil, attributes: "{}", time: time))
            return fired
        }
    }

    /// Any other event. Its data hold its number as `n`, and `more`, which begins with a comma when it is not empty.
    package func event(_ type: String = "tick", more: String = "") -> Fired {
        state.withLock { state in
            let time = Self.nextTime(&state)
            let number = state.next
            let context = "C\(number)"
            let data = #"{"n":\#(number)\#(more)}"#
            state.entries.append(
                Entry(
                    number: number, kind: .other, type: type, entity: nil, time: time, oldState: nil, newState: nil,
                    attributes: data, context: context, isRecorded: false))
            let fired = Fired(number: number, type: type, json: Self.eventJSON(type, data, time, context), state: nil)
            state.kept?.append(fired)
            return fired
        }
    }

    /// An event that no row can hold; it must become a dead letter.
    package func poison(_ type: String, more: String) -> Fired {
        state.withLock { state in
            let time = Self.nextTime(&state)
            let number = state.next
            let context = "C\(number)"
            state.entries.append(
                Entry(
                    number: number, kind: .other, type: type, entity: nil, time: time, oldState: nil, newState: nil,
                    attributes: "null", context: context, isRecorded: false))
            let json = Self.eventJSON(type, #"{"n":\#(number)\#(more)}"#, time, context)
            return Fired(number: number, type: type, json: json, state: nil)
        }
    }

    private static func nextTime(_ state: inout State) -> Timestamp {
        state.lastTime = max(Timestamp.now.microseconds, state.lastTime + 1)
        return Timestamp(microseconds: state.lastTime)
    }

    private static func stateJSON(
        _ entity: String, _ value: String, _ attributes: String, _ time: Timestamp, _ context: String
    ) -> String {
        let times =
            #""last_changed":"\#(time.iso8601)","last_reported":"\#(time.iso8601)","last_updated":"\#(time.iso8601)""#
        return
            #"{"entity_id":"\#(entity)","state":"\#(value)","attributes":\#(attributes),\#(times),\#(contextJSON(context))}"#
    }

    private static func eventJSON(_ type: String, _ data: String, _ time: Timestamp, _ context: String) -> String {
        #"{"event_type":"\#(type)","data":\#(data),"origin":"LOCAL","time_fired":"\#(time.iso8601)",\#(contextJSON(context))}"#
    }

    private static func contextJSON(_ id: String) -> String {
        #""context":{"id":"\#(id)","parent_id":null,"user_id":null}"#
    }

    // MARK: What a connection did

    /// These messages go out now, in this order.
    func willSend(_ messages: [(entry: Int?, isPong: Bool)], on socket: Int) {
        state.withLock { state in
            var record = state.sockets[socket] ?? Socket()
            for message in messages {
                if let entry = message.entry {
                    record.sent.append(entry)
                    if entry >= state.base { state.entries[entry - state.base].copies += 1 }
                }
                if message.isPong { record.beforePong = record.sent.count }
            }
            state.sockets[socket] = record
        }
    }

    /// The client asks again: it has had the last pong, and by its word also kept all that came before it.
    func pinged(on socket: Int) {
        state.withLock { state in
            guard var record = state.sockets[socket], let end = record.beforePong else { return }
            for number in record.sent[..<end] where number >= state.base {
                state.entries[number - state.base].isOwed = true
            }
            record.sent.removeFirst(end)
            record.beforePong = nil
            state.sockets[socket] = record
        }
    }
}
