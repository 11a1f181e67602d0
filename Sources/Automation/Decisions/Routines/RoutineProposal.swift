import BridgeCore
import Store

/// Turns a routine into a decision: what to say of it, and the automation that would take it over.
struct RoutineProposal {
    let routine: Routine
    /// What people call the entities.
    let names: [String: String]
    /// Home Assistant's release, such as `2025.4.4`; decides how a configuration is spelled.
    let version: String?

    /// The decision. `input` says what was looked at.
    func draft(input: JSONValue) -> DecisionDraft {
        let confidence = 100 * Double(routine.support + 1) / Double(routine.opportunities + 2)
        // Half sure is worth a look, not a proposal; so is what moves something heavy or shuts somebody out.
        let isReady = confidence >= 75 && !routine.steps.contains { $0.action.isDelicate }
        let keys = RoutineProposal.keys(routine)
        return DecisionDraft(
            isReady ? .creation : .suggestion, "Let Home Assistant \(deeds) \(cause).", subjectKey: keys.first ?? "",
            covers: keys, confidence: confidence, input: input.text,
            output: JSONValue.object([
                "covers": .array(keys.map { .string($0) }),
                "support": .integer(Int64(routine.support)), "opportunities": .integer(Int64(routine.opportunities)),
                "days": .integer(Int64(routine.days)), "confidence": .rounded(routine.confidence),
                "coverage": .rounded(routine.coverage), "lift": .rounded(routine.lift),
                "expected_by_chance": .rounded(routine.expected), "p_value": .number(routine.probability),
                "median_delay_seconds": .rounded(routine.delay), "spread_seconds": .rounded(routine.spread),
                "configuration": configuration,
            ]).text,
            reason: reason)
    }

    // MARK: Words

    private func name(_ entity: String) -> String { names[entity].map { "“\($0)”" } ?? entity }

    private var deeds: String { words { $0.action.words } }

    private func words(_ verb: (Routine.Step) -> String) -> String {
        let parts = routine.steps.map { "\(verb($0)) \(name($0.entity))" }
        return parts.count < 2
            ? parts.joined() : parts.dropLast().joined(separator: ", ") + " and " + (parts.last ?? "")
    }

    private var cause: String {
        let cause =
            switch routine.cause {
            case .event(let entity, let state): "when \(name(entity)) becomes “\(state)”"
            case .time(let minute): "at \(Self.clock(minute))"
            }
        return switch routine.occasion {
        case .always: cause
        case .dark: "\(cause) after dark"
        case .weekdays: "\(cause) on weekdays"
        case .weekends: "\(cause) at weekends"
        }
    }

    private var reason: String {
        let often =
            switch routine.cause {
            case .event:
                """
                After \(routine.opportunities) such occasions, people did this by hand \(routine.support) times within five \
                minutes, on \(routine.days) days, usually after \(Self.length(routine.delay)).
                """
            case .time:
                """
                On \(routine.support) of \(routine.opportunities) such days, people did this by hand around that time.
                """
            }
        let times = routine.lift >= 10 ? "\(Int(routine.lift.rounded()))" : "\((routine.lift * 10).rounded() / 10)"
        return "\(often) That is \(times) times as often as at those hours otherwise."
    }

    static func clock(_ minute: Int) -> String {
        let hours = minute / 60 % 24
        let minutes = minute % 60
        return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }

    static func length(_ seconds: Double) -> String {
        seconds < 90 ? "\(Int(seconds.rounded())) seconds" : "\(Int((seconds / 60).rounded())) minutes"
    }

    // MARK: Keys

    /// What the routine is about, the same however often it is found: its cause and what is done, each step by itself. Times within
    /// an hour of each other are the same thing.
    static func keys(_ routine: Routine) -> [String] {
        routine.steps.flatMap { step -> [String] in
            let data = step.action.data.sorted { $0.key < $1.key }.map { ":\($0.value)" }.joined()
            let deed = "\(step.action.service)\(data):\(step.entity)"
            switch routine.cause {
            case .event(let entity, let state): return [SubjectKey.fitting("routine:after:\(entity)=\(state):\(deed)")]
            case .time(let minute):
                let half = (minute + 15) / 30 * 30
                return [0, -30, 30].map { offset in
                    SubjectKey.fitting("routine:at:\(clock((half + offset + 1_440) % 1_440)):\(deed)")
                }
            }
        }
    }

    // MARK: Configuration

    /// The automation as Home Assistant takes it over its configuration API.
    var configuration: JSONValue {
        let spelling = RoutineSpelling(version: version)
        let trigger: [String: JSONValue] =
            switch routine.cause {
            case .event(let entity, let state):
                [spelling.trigger: .string("state"), "entity_id": .array([.string(entity)]), "to": .string(state)]
            case .time(let minute): [spelling.trigger: .string("time"), "at": .string("\(Self.clock(minute)):00")]
            }
        let actions = routine.steps.map { step in
            var action: [String: JSONValue] = [
                spelling.action: .string(step.action.service),
                "target": .object(["entity_id": .array([.string(step.entity)])]),
            ]
            if !step.action.data.isEmpty {
                action["data"] = .object(step.action.data.mapValues { .string($0) })
            }
            return JSONValue.object(action)
        }
        let title = "\(deeds.prefix(1).uppercased())\(deeds.dropFirst()) \(cause)"
        return .object([
            "alias": .string(title.filter { $0 != "“" && $0 != "”" }), "description": .string(reason),
            "mode": .string("single"),
            spelling.triggers: .array([.object(trigger)]), spelling.conditions: .array(conditions),
            spelling.actions: .array(actions),
        ])
    }

    private var conditions: [JSONValue] {
        func days(_ days: [String]) -> [JSONValue] {
            [.object(["condition": .string("time"), "weekday": .array(days.map { .string($0) })])]
        }
        return switch routine.occasion {
        case .always: []
        case .dark:
            [
                .object([
                    "condition": .string("state"), "entity_id": .string("sun.sun"), "state": .string("below_horizon"),
                ])
            ]
        case .weekdays: days(["mon", "tue", "wed", "thu", "fri"])
        case .weekends: days(["sat", "sun"])
        }
    }
}

/// The words of a configuration, which changed with Home Assistant 2024.10. Every release takes the old ones, so that they are
/// used where the release is not known.
struct RoutineSpelling {
    private let isNew: Bool

    init(version: String?) {
        let parts = (version ?? "").split(separator: ".").prefix(2).compactMap { Int($0) }
        isNew = parts.count == 2 && (parts[0], parts[1]) >= (2024, 10)
    }

    var triggers: String { isNew ? "triggers" : "trigger" }
    var conditions: String { isNew ? "conditions" : "condition" }
    var actions: String { isNew ? "actions" : "action" }
    /// The kind of a trigger.
    var trigger: String { isNew ? "trigger" : "platform" }
    /// The service of a step.
    var action: String { isNew ? "action" : "service" }
}
