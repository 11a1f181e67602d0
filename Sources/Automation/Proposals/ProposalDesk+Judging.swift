import BridgeCore
import HomeAssistantClient
import Store

extension ProposalDesk {
    /// What is judged. `configuration` holds no placeholders and is never stored.
    struct Judged {
        var change: ProposedChange
        var configuration: ConfigurationValue?
        var automation: AutomationID
    }

    struct Judgement {
        var facts: ChangeFacts
        var findings: ProposalFindings
        var backtest: Backtest?
        var risk: RiskAssessment
        /// JSON text.
        var assessment: String
        var rules: [SpokenRule]
        var safety: SafetyConfiguration
    }

    /// The days of stored events that are replayed, and how many events at most.
    static let replayedDays: Int64 = 14
    static let replayedEvents = 200_000

    func judge(
        _ judged: Judged, _ states: [String: HouseState], _ services: Set<String>, _ terms: ProposalTerms
    ) async throws -> Judgement {
        let safety = try await safety.find(of: connection.userID)
        let changes = judged.change.json
        let told = try await told(judged, states)
        var assessment: [String: ConfigurationValue] = ["facts": .object(told)]
        let facts = try await proposals.facts(
            of: changes, connection: connection.id, automation: judged.automation,
            assessment: ConfigurationValue.object(assessment).json)

        var subject = RiskAssessment.Subject(judged.change.operation, facts: facts)
        subject.portraits = try await proposals.portraits(of: facts.entities, in: connection.id)
        for entity in facts.entities where subject.portraits[entity]?.deviceClass == nil {
            guard let attributes = states[entity]?.attributes else { continue }
            var portrait = subject.portraits[entity] ?? EntityPortrait(entity)
            portrait.deviceClass = attributes["device_class"]?.text
            portrait.name = portrait.name ?? attributes["friendly_name"]?.text
            subject.portraits[entity] = portrait
        }
        var findings = ProposalFindings()
        if let configuration = judged.configuration {
            subject.loops = TriggerLoops.find(in: configuration, entity: judged.change.entityID)
            subject.isOpenToNetwork = ProposalFindings.isOpenToNetwork(configuration)
            subject.backtest = try await backtest(configuration, states, terms.now)
            if judged.change.operation != .resume {
                // Only what the configuration itself calls: what is called by it is not its fault.
                let own = try await proposals.facts(
                    of: changes, connection: connection.id, automation: judged.automation)
                findings = ProposalFindings.check(
                    configuration, facts: own, states: states, services: services, loops: subject.loops)
            }
        }
        let risk = RiskAssessment(subject, configuration: safety)
        assessment["backtest"] = subject.backtest?.value
        assessment["reasons"] = .array(
            risk.reasons.map { .object(["weight": .number("\($0.weight)"), "reason": .string($0.sentence)]) })
        assessment["findings"] = .array((findings.errors + findings.warnings).map { .string($0) })
        // What was found, to be read; the rules look into the change itself as well.
        assessment["facts"] = .object(
            told.merging([
                "services": .array(facts.services.map { .string($0) }),
                "entities": .array(facts.entities.map { .string($0) }),
                "domains": .array(facts.domains.map { .string($0) }),
                "devices": .array(
                    Set(subject.portraits.values.compactMap(\.device)).sorted().map { .string($0) }),
                "unknown_services": .bool(facts.hasUnknownServices),
                "unknown_entities": .bool(facts.hasUnknownEntities),
            ]) { _, found in found })
        let rules = try await proposals.rules(
            on: changes, connection: connection.id, automation: judged.automation,
            assessment: ConfigurationValue.object(assessment).json, risk: risk.level, score: risk.score)
        assessment["rules"] = .array(
            rules.map {
                .object([
                    "rule": .string($0.name), "action": .string($0.action.rawValue), "is_certain": .bool($0.isCertain),
                ])
            })
        return Judgement(
            facts: facts, findings: findings, backtest: subject.backtest, risk: risk,
            assessment: ConfigurationValue.object(assessment).json, rules: rules, safety: safety)
    }

    // MARK: What is called by it

    /// What scripts, scenes and groups that a change names do and stand for, as members of `facts`.
    private func told(_ judged: Judged, _ states: [String: HouseState]) async throws -> [String: ConfigurationValue] {
        var services: Set<String> = []
        var entities: Set<String> = []
        var domains: Set<String> = []
        var resolved: Set<String> = []
        var looked: Set<String> = []
        let own = try await proposals.facts(
            of: judged.change.json, connection: connection.id, automation: judged.automation)
        var waiting = own.entities
        while let entity = waiting.popLast() {
            guard looked.insert(entity).inserted, looked.count <= 500 else { continue }
            let members = states[entity]?.members ?? []
            if !members.isEmpty {
                resolved.insert(entity)
                entities.formUnion(members)
                waiting += members
            }
            guard entity.hasPrefix("script."), let script = try await house.script(entity),
                let sequence = script["sequence"]
            else { continue }
            let inner = ProposedChange(
                .create, homeAssistantID: "script",
                configuration: ConfigurationSpelling.normalised(
                    .object(["id": .string("script"), "actions": sequence])))
            let found = try await proposals.facts(of: inner.json, connection: connection.id, automation: nil)
            services.formUnion(found.services)
            entities.formUnion(found.entities)
            domains.formUnion(found.domains)
            waiting += found.entities
            // One that calls what nobody knows stays unknown itself; scripts that it calls are looked at in their turn.
            if !Self.decidesByTemplate(sequence) { resolved.insert(entity) }
        }
        // A script is known when all that it calls is known.
        let unknown = looked.contains { $0.hasPrefix("script.") && !resolved.contains($0) }
        if unknown { resolved = resolved.filter { !$0.hasPrefix("script.") } }
        func list(_ names: Set<String>) -> ConfigurationValue { .array(names.sorted().map { .string($0) }) }
        return [
            "services": list(services), "entities": list(entities), "domains": list(domains),
            "resolved": list(resolved),
        ]
    }

    /// Whether a template says which service is called, or on what.
    private static func decidesByTemplate(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .array(let elements): return elements.contains(where: decidesByTemplate)
        case .object(let members):
            let deciding = [
                "action", "service", "service_template", "entity_id", "area_id", "device_id", "label_id", "target",
            ]
            return members.contains { key, member in
                deciding.contains(key) && member.list.contains(where: \.isTemplate) || decidesByTemplate(member)
            }
        default: return false
        }
    }

    // MARK: Backtest

    private func backtest(
        _ configuration: ConfigurationValue, _ states: [String: HouseState], _ now: Timestamp
    ) async throws -> Backtest {
        let need = Backtest.need(of: configuration)
        let earliest = now.adding(seconds: -Self.replayedDays * 86_400)
        guard let first = try await replays.firstEvent(of: connection.id, since: earliest) else {
            var nothing = Backtest(from: now, until: now)
            nothing.gaps = ["No events of the last \(Self.replayedDays) days are stored: nothing could be replayed."]
            return nothing
        }
        var from = max(earliest, first)
        let events = try await replays.events(
            of: connection.id, entities: need.entities, types: need.eventTypes, from: from, until: now,
            includesAttributes: need.needsAttributes, limit: Self.replayedEvents)
        var isCut = false
        if events.count >= Self.replayedEvents, let oldest = events.first {
            from = oldest.time
            isCut = true
        }
        let clock = try await replays.clock(of: connection.timeZone, from: from, until: now).map {
            ReplayClock.Change(from: $0.from, seconds: $0.seconds)
        }
        var result = Backtest.run(
            configuration, events: events, from: from, until: now, clock: ReplayClock(clock),
            now: states.mapValues(\.state))
        if isCut { result.gaps.append("Only the newest \(Self.replayedEvents) events were replayed.") }
        return result
    }
}

extension Backtest {
    /// For `risk_assessment`.
    package var value: ConfigurationValue {
        var members: [String: ConfigurationValue] = [
            "from": .string(from.iso8601), "until": .string(until.iso8601),
            "days": .number("\((days * 100).rounded() / 100)"), "count": .number("\(count)"),
            "blocked_by_conditions": .number("\(blocked)"), "busiest_day": .number("\(busiestDay)"),
            "examples": .array(examples.map { .string($0.iso8601) }), "not_replayed": .array(gaps.map { .string($0) }),
        ]
        if let perDay { members["per_day"] = .number("\((perDay * 100).rounded() / 100)") }
        return .object(members)
    }
}
