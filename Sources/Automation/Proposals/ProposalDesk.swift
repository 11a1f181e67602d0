import BridgeCore
import Cryptography
import FoundationEssentials
import HomeAssistantClient
import PostgresClient
import Store

/// Makes proposals: checks a change against the house, judges it, and stores it to be approved. Nothing here writes to Home
/// Assistant.
package struct ProposalDesk: Sendable {
    let proposals: ProposalRepository
    let backups: BackupRepository
    let automations: AutomationRepository
    let replays: ReplayRepository
    let safety: SafetyConfigurationRepository
    let house: ProposalHouse
    let sealer: ConfigurationSealer
    let connection: StoredConnection

    /// A desk for one house. Rows of the audit trail are signed with `keys`.
    package init(
        _ pool: PostgresPool, connection: StoredConnection, house: ProposalHouse, sealer: ConfigurationSealer,
        keys: AuditKeys?
    ) {
        proposals = ProposalRepository(pool, keys: keys)
        backups = BackupRepository(pool)
        automations = AutomationRepository(pool)
        replays = ReplayRepository(pool)
        safety = SafetyConfigurationRepository(pool)
        self.house = house
        self.sealer = sealer
        self.connection = connection
    }

    /// Stores a proposal. Throws the `ProposalRefusal` that it carries, and what the database refuses meanwhile.
    package func store(_ proposal: PreparedProposal) async throws -> StoredWorkflow {
        if let refusal = proposal.refusal { throw refusal }
        return try await proposals.add(proposal.draft, audit: proposal.audit)
    }

    // MARK: A configuration

    /// Checks and judges a configuration, of a new automation or of one that is there. Throws a `ProposalRefusal` for one that
    /// cannot be proposed whatever the rules say, and what the house and the database throw.
    package func prepare(
        _ given: ConfigurationValue, terms: ProposalTerms
    ) async throws -> PreparedProposal {
        var configuration = try ProposalShape.checked(given)
        let states = try await house.states()
        let place = try await place(of: &configuration, states, terms.now)
        let services = try await house.services()
        let verdicts = try await house.validate(configuration)
        guard verdicts.isEmpty else {
            throw ProposalRefusal(
                .invalid, verdicts.map { "Home Assistant does not take the \($0.part): \($0.error)" })
        }
        let before = try await backups.newest(of: [place.automation])[place.automation]
        let base = try place.present.map {
            try sealer.seal($0, of: place.automation, connection: connection.id, previous: before?.sealedSecrets)
        }
        // One salt for both: by that of the proposal the bridge finds out later whether the base is still there.
        let sealed = try sealer.seal(
            configuration, of: place.automation, connection: connection.id,
            previous: base?.sealedSecrets ?? before?.sealedSecrets)
        if let base, base.digest == sealed.digest, try isSame(configuration, place.present) {
            throw ProposalRefusal(.invalid, ["The automation is like that already: nothing would change."])
        }
        let change = ProposedChange(
            place.present == nil ? .create : .modify, homeAssistantID: place.homeAssistantID,
            entityID: place.entityID, configuration: ConfigurationSpelling.normalised(sealed.snapshot))
        let name = configuration["alias"]?.text ?? place.homeAssistantID
        var draft = ProposalDraft(
            connection: connection.id, automation: place.automation,
            type: place.present == nil ? .creation : .modification, risk: .low, riskScore: 0, assessment: "{}",
            description: "\(place.present == nil ? "Create" : "Change") “\(name)”.", changes: change.json)
        draft.sealedSecrets = sealed.sealedSecrets
        draft.baseDigest = base?.digest
        if place.present == nil {
            draft.newAutomation = ProposalDraft.NewAutomation(
                homeAssistantID: place.homeAssistantID, name: name, mode: configuration["mode"]?.text)
        }
        let judgement = try await judge(
            Judged(change: change, configuration: configuration, automation: place.automation), states, services, terms)
        return try await prepared(
            draft, change, name: name, base: base?.snapshot, judgement: judgement, terms: terms, isNew: place.isNew)
    }

    /// Whether what the placeholders stand for is the same, too: two secrets may change places.
    private func isSame(_ configuration: ConfigurationValue, _ present: ConfigurationValue?) throws -> Bool {
        present.map { ConfigurationSpelling.normalised($0) == ConfigurationSpelling.normalised(configuration) } ?? false
    }

    // MARK: Pause, resume, retire

    /// Checks and judges what is to become of an automation that is there. Throws as the other.
    package func prepare(
        _ operation: ProposedChange.Operation, of automation: StoredAutomation, terms: ProposalTerms
    ) async throws -> PreparedProposal {
        guard let entity = automation.entityID else {
            throw ProposalRefusal(
                .invalid, ["“\(automation.name)” is not in Home Assistant (\(automation.state.rawValue))."])
        }
        let states = try await house.states()
        guard let state = states[entity] else {
            throw ProposalRefusal(.invalid, ["Home Assistant has no \(entity) any more."])
        }
        if operation == .pause && state.state == "off" || operation == .resume && state.state == "on" {
            throw ProposalRefusal(
                .invalid, ["“\(automation.name)” is switched \(state.state) already: nothing would change."])
        }
        var present: ConfigurationValue?
        switch try await house.configuration(automation.homeAssistantID) {
        case .found(let configuration): present = configuration
        case .missing where operation == .retire:
            throw ProposalRefusal(.readOnly, [Self.readOnly(automation.name, automation.readOnlyReason)])
        case .unreadable(let reason) where operation == .retire: throw ProposalRefusal(.readOnly, [reason])
        // Switching does not need the file.
        case .missing, .unreadable: break
        }
        let before = try await backups.newest(of: [automation.id])[automation.id]
        let base = try present.map {
            try sealer.seal($0, of: automation.id, connection: connection.id, previous: before?.sealedSecrets)
        }
        let change = ProposedChange(operation, homeAssistantID: automation.homeAssistantID, entityID: entity)
        let verb = operation == .pause ? "Switch off" : operation == .resume ? "Switch on" : "Delete"
        var draft = ProposalDraft(
            connection: connection.id, automation: automation.id,
            type: operation == .retire ? .retirement : .modification, risk: .low, riskScore: 0, assessment: "{}",
            description: "\(verb) “\(automation.name)”.", changes: change.json)
        draft.baseDigest = base?.digest
        let judgement = try await judge(
            Judged(
                change: change,
                configuration: operation == .resume ? present.map(ConfigurationSpelling.normalised) : nil,
                automation: automation.id),
            states, [], terms)
        return try await prepared(
            draft, change, name: automation.name, base: base?.snapshot, judgement: judgement, terms: terms, isNew: false
        )
    }

    // MARK: Where it belongs

    private struct Place {
        var homeAssistantID: String
        var entityID: String?
        var automation: AutomationID
        /// Whether its row is to be made.
        var isNew: Bool
        /// What is there now, in whichever spelling.
        var present: ConfigurationValue?
    }

    private static func readOnly(_ name: String, _ reason: String?) -> String {
        """
        “\(name)” cannot be changed from here: \(reason ?? "it does not stand in automations.yaml (it comes from a package or another file)."). \
        Change it where it is written.
        """.replacing("..", with: ".")
    }

    /// Finds out which automation a configuration is about and gives it its `id`.
    private func place(
        of configuration: inout ConfigurationValue, _ states: [String: HouseState], _ now: Timestamp
    ) async throws -> Place {
        let listed = states.filter { $0.key.hasPrefix("automation.") }.map {
            ListedAutomation(entityID: $0.key, state: $0.value.state, attributes: $0.value.attributes)
        }
        let alias = configuration["alias"]?.text ?? ""
        var found: ListedAutomation?
        if let id = configuration["id"]?.text {
            found = listed.first { $0.ownID == id }
        } else {
            let named = listed.filter { $0.name.lowercased() == alias.lowercased() }
            guard named.count < 2 else {
                throw ProposalRefusal(
                    .invalid,
                    [
                        "Several automations are called “\(alias)”: \(named.map(\.entityID).sorted().joined(separator: ", ")). Add the id of the one you mean, or take another alias."
                    ])
            }
            found = named.first
            if let found, found.ownID == nil { throw ProposalRefusal(.readOnly, [Self.readOnly(found.name, nil)]) }
        }
        // As Home Assistant's own editor makes them: the milliseconds of the present.
        let id = configuration["id"]?.text ?? found?.ownID ?? String(now.microseconds / 1_000)
        if case .object(var members) = configuration {
            members["id"] = .string(id)
            configuration = .object(members)
        }
        let row = try await proposals.automation(id, of: connection.id)
        let name = found?.name ?? row?.name ?? alias
        if let reason = row?.readOnlyReason { throw ProposalRefusal(.readOnly, [Self.readOnly(name, reason)]) }
        switch try await house.configuration(id) {
        case .unreadable(let reason): throw ProposalRefusal(.readOnly, [reason])
        case .missing where found != nil: throw ProposalRefusal(.readOnly, [Self.readOnly(name, nil)])
        case .missing:
            if let row, ![.rejected, .retired].contains(row.state) {
                throw ProposalRefusal(
                    .invalid,
                    [
                        row.state == .pendingApproval
                            ? "A proposal of an automation with the id \(id) waits for approval already. See: ha-bridge approval list"
                            : "The automation “\(row.name)” has the id \(id) and is gone from Home Assistant, which the bridge has not noticed yet. Try again in a minute, or take another id."
                    ])
            }
            return Place(homeAssistantID: id, automation: row?.id ?? AutomationID(), isNew: row == nil)
        case .found(let present):
            guard let row, ![.proposed, .pendingApproval, .rejected].contains(row.state) else {
                throw ProposalRefusal(
                    .invalid,
                    [
                        "The bridge has not listed “\(name)” yet. Try again a minute after it was started: ha-bridge automation list"
                    ])
            }
            return Place(
                homeAssistantID: id, entityID: found?.entityID ?? row.entityID, automation: row.id, isNew: false,
                present: present)
        }
    }
}
