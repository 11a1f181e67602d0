import BridgeConcurrency
import BridgeCore
import HomeAssistantClient

@testable import Automation

/// A house of automations in memory, which answers and reloads as Home Assistant does.
final class PaperHouse: Sendable {
    /// What is asked of it.
    enum Call: String, Sendable, CaseIterable {
        case read, write, delete, turn, automations
    }

    /// What goes wrong with a call.
    enum Fault: Sendable, CaseIterable {
        /// It dies before it has done anything.
        case deadBefore
        /// It dies after it has done it.
        case deadAfter
        /// It is not reached.
        case away
    }

    struct Entity: Sendable {
        var ownID: String
        var name = "Some automation"
        var state = ListedAutomation.State.on
    }

    struct State: Sendable {
        /// `automations.yaml` by id.
        var file: [String: ConfigurationValue] = [:]
        /// By entity id.
        var entities: [String: Entity] = [:]
        /// Taken in order, by the call that comes next of its kind.
        var faults: [Call: [Fault]] = [:]
        /// The file holds a `!secret`.
        var isUnreadable = false
        /// Every call fails until it is false again.
        var isAway = false
        /// What a write that it refuses says.
        var refusal: String?
        /// Everything that was written, in order: `write id alias`, `delete id`, `turn entity on`.
        var writes: [String] = []
        var calls = 0
    }

    let state = LockedBox(State())
    private let hook = LockedBox<(@Sendable (Call, Int) async -> Void)?>(nil)
    private let afterwards = LockedBox<(@Sendable (Call, Int) async -> Void)?>(nil)
    private let tell = LockedBox<(@Sendable (AutomationSignal) -> Void)?>(nil)

    /// Called before each call is carried out, with its number.
    func onCall(_ body: (@Sendable (Call, Int) async -> Void)?) { hook.withLock { $0 = body } }

    /// Called after each call was carried out, before it answers.
    func onDone(_ body: (@Sendable (Call, Int) async -> Void)?) { afterwards.withLock { $0 = body } }

    /// Told of each reload.
    func onReload(_ body: @escaping @Sendable (AutomationSignal) -> Void) { tell.withLock { $0 = body } }

    func update<R>(_ body: (inout State) -> R) -> R { state.withLock { body(&$0) } }
    var writes: [String] { state.withLock(\.writes) }

    func configuration(_ id: String) -> ConfigurationValue? { state.withLock { $0.file[id] } }
    func alias(_ id: String) -> String? { configuration(id)?["alias"]?.text }

    /// Puts an automation there as a person would in the editor.
    func put(_ json: String, entity: String? = nil, isOn: Bool = true) {
        guard let value = ConfigurationValue(json: json), let id = value["id"]?.text else { return }
        update { state in
            state.file[id] = value
            state.entities[entity ?? "automation.\(id)"] = Entity(ownID: id, state: isOn ? .on : .off)
        }
    }

    var port: ChangeHouse {
        ChangeHouse(
            read: { [self] (id, _) throws(ChangeHouseFailure) in
                try await call(.read) { state in state.file[id] }
            },
            write: { [self] (value, id, _) throws(ChangeHouseFailure) in
                let refusal = try await call(.write) { state -> String? in
                    if let refusal = state.refusal { return refusal }
                    state.writes.append("write \(id) \(value["alias"]?.text ?? "")")
                    let isNews = state.file[id] != value
                    state.file[id] = value
                    let entity = state.entities.first { $0.value.ownID == id }?.key ?? "automation.\(id)"
                    var known = state.entities[entity] ?? Entity(ownID: id)
                    let isBroken = value["alias"]?.text?.hasPrefix("Broken") == true
                    if isBroken {
                        known.state = .unavailable
                    } else if isNews, known.state == .unavailable {
                        known.state = .on
                    }
                    state.entities[entity] = known
                    return nil
                }
                if let refusal { throw .refused(refusal) }
                tell.withLock(\.self)?(.reloaded)
            },
            delete: { [self] (id, _) throws(ChangeHouseFailure) in
                try await call(.delete) { state in
                    guard state.file.removeValue(forKey: id) != nil else { return false }
                    state.writes.append("delete \(id)")
                    state.entities = state.entities.filter { $0.value.ownID != id }
                    return true
                }
            },
            turn: { [self] (entity, isOn, _) throws(ChangeHouseFailure) in
                try await call(.turn) { state in
                    state.writes.append("turn \(entity) \(isOn ? "on" : "off")")
                    if state.entities[entity] != nil { state.entities[entity]?.state = isOn ? .on : .off }
                }
            },
            automations: { [self] (_) throws(ChangeHouseFailure) in
                try await call(.automations) { state in
                    state.entities.map { entity, known in
                        ListedAutomation(
                            entityID: entity, ownID: known.ownID, name: known.name, state: known.state)
                    }
                }
            })
    }

    private func call<R: Sendable>(
        _ call: Call, _ body: @Sendable (inout State) -> R
    ) async throws(ChangeHouseFailure) -> R {
        let number = update { state in
            state.calls += 1
            return state.calls
        }
        if let hook = hook.withLock(\.self) { await hook(call, number) }
        if Task.isCancelled { throw .noAnswer("It was cancelled.") }
        let (fault, isAway, isUnreadable) = update { state -> (Fault?, Bool, Bool) in
            let isFile = call == .read || call == .write || call == .delete
            var fault: Fault?
            if var faults = state.faults[call], !faults.isEmpty {
                fault = faults.removeFirst()
                state.faults[call] = faults
            }
            return (fault, state.isAway, state.isUnreadable && isFile)
        }
        if isAway || fault == .away { throw .notSent("Connection refused.") }
        if isUnreadable { throw .unreadableFile }
        if fault == .deadBefore { throw .noAnswer("It hung up.") }
        let result = update(body)
        if let afterwards = afterwards.withLock(\.self) {
            await afterwards(call, number)
            if Task.isCancelled { throw .noAnswer("It was cancelled.") }
        }
        if fault == .deadAfter { throw .noAnswer("It hung up.") }
        return result
    }
}
