import BridgeConcurrency
import BridgeCore
import Cryptography
import HomeAssistantClient
import Logging
import Store

extension InventoryKeeper {
    /// Configurations that are read before the signals are looked at again.
    private static let readAtOnce = 50
    /// A longer one gets no versions.
    private static let longestConfiguration = 1 << 20

    /// Lists where that is due, and reads some of the configurations that are. False when nothing may be written here.
    func step(_ round: inout InventoryRound) async throws -> Bool {
        if round.isListingDue {
            let earliest = round.listedAt + pacing.betweenListings.scaled
            try await Task.sleep(until: earliest)
            guard try await list(&round) else { return false }
        }
        guard !round.memory.unread.isEmpty else { return true }
        let part = Array(round.memory.unread.prefix(Self.readAtOnce))
        guard try await read(part, &round) else { return false }
        round.memory.finished(part)
        if round.memory.unread.isEmpty { return try await nameProblems(&round) }
        return true
    }

    /// The claims to write under; `false` where another bridge holds the lease.
    private func claims(_ connection: ConnectionID) -> (isOurs: Bool, claims: LeaseClaims?) {
        guard let claims = workplace.claims else { return (true, nil) }
        let own = claims(connection)
        return (own != nil, own)
    }

    private func list(_ round: inout InventoryRound) async throws -> Bool {
        round.listedAt = .now
        let states = try await round.reader.states()
        let new = states.automations.map(\.entityID).filter { round.memory.registry[$0] == nil }
        try await ask(new, &round)
        let now = ContinuousClock.now
        let listing = round.memory.take(states, now: now)
        let (isOurs, claims) = claims(round.connection)
        guard isOurs, let merge = try await automations.merge(listing, of: round.connection, under: claims) else {
            return false
        }
        round.memory.take(merge, now: now)
        round.isListingDue = false
        if round.isReadingDue {
            round.refusal = nil
            round.memory.wantAllConfigurations()
            round.isReadingDue = false
        }
        let urgent = round.urgent.filter { round.memory.row($0) != nil }.sorted()
        round.memory.wantConfigurations(of: urgent, isUrgent: true)
        round.urgent = []
        round.logger.log(
            level: merge.isEmpty ? .debug : .info, "Took the inventory of the automations.",
            metadata: [
                LoggingKeys.count: "\(listing.entries.count)", "added": "\(merge.added)", "changed": "\(merge.changed)",
                "moved": "\(merge.moves.count)",
            ])
        for move in merge.moves.prefix(20) {
            round.logger.info(
                "An automation moved.",
                metadata: [
                    "automation": "\(move.homeAssistantID)", "from": "\(move.from.rawValue)",
                    "to": "\(move.to.rawValue)",
                ])
        }
        guard round.memory.unread.isEmpty else { return true }
        return try await nameProblems(&round)
    }

    /// Asks the registry for entities. A registry that is refused knows nobody.
    private func ask(_ entities: [String], _ round: inout InventoryRound) async throws {
        guard !entities.isEmpty else { return }
        do throws(CommandFailure) {
            let entries = try await round.reader.registryEntries(of: entities)
            for entity in entities { round.memory.registry[entity] = .some(entries[entity]) }
        } catch {
            guard case .refused(let code, _) = error, code != "unknown_command" else { throw error }
            round.logger.debug("Home Assistant refuses its entity registry.", metadata: [LoggingKeys.error: "\(code)"])
        }
    }

    // MARK: Configurations

    /// A configuration that is not as it was when it was read last.
    private struct News {
        let id: AutomationID
        let entity: ListedAutomation
        let configuration: ConfigurationValue
        let reading: InventoryMemory.Reading
    }

    private func read(_ entities: [String], _ round: inout InventoryRound) async throws -> Bool {
        var news: [News] = []
        for entity in entities {
            guard let automation = round.memory.automations[entity], let id = round.memory.row(entity),
                let configuration = try await configuration(of: entity, &round)
            else { continue }
            let hash = try ConfigurationHash.of(configuration.json).bytes
            if round.memory.readings[id]?.hash == hash { continue }
            let reading = InventoryMemory.Reading(
                hash: hash, entities: AutomationProblems.entities(in: configuration))
            news.append(News(id: id, entity: automation, configuration: configuration, reading: reading))
        }
        guard !news.isEmpty else { return true }
        let before = try await backups.newest(of: news.map(\.id))
        for item in news {
            guard try await store(item, before: before[item.id], &round) else { return false }
        }
        return true
    }

    /// `nil` for an automation that has none to give.
    private func configuration(of entity: String, _ round: inout InventoryRound) async throws -> ConfigurationValue? {
        guard round.refusal == nil else { return nil }
        try await Task.sleep(for: pacing.betweenConfigurations.scaled)
        do throws(CommandFailure) {
            return try await round.reader.configuration(of: entity)
        } catch {
            guard case .refused(let code, let message) = error, code != "unknown_command" else { throw error }
            if code == "unauthorized" {
                round.refusal = code
                round.logger.warning(
                    """
                    Home Assistant hands out no configurations to this user, so no versions of its automations are kept. Use \
                    the token of an administrator.
                    """)
            } else {
                round.logger.debug(
                    "An automation has no configuration to read.",
                    metadata: ["automation": "\(entity)", LoggingKeys.error: "\(code): \(message)"])
            }
            return nil
        }
    }

    private func store(_ item: News, before: StoredBackup?, _ round: inout InventoryRound) async throws -> Bool {
        let (isOurs, claims) = claims(round.connection)
        guard isOurs else { return false }
        var reading = item.reading
        var details = AutomationRepository.Details(automation: item.id)
        if item.configuration.json.utf8.count <= Self.longestConfiguration {
            let sealed = try sealer.seal(
                item.configuration, of: item.id, connection: round.connection, previous: before?.sealedSecrets)
            let description = sealed.snapshot["description"]?.text
            details.description = description.flatMap { $0.isEmpty || Placeholder.parse($0) != nil ? nil : $0 }
            details.digest = sealed.digest
            details.version = NewBackup(
                name: before == nil ? "First version seen" : "Changed in Home Assistant", type: .automatic,
                snapshot: sealed.snapshot.json, digest: sealed.digest, sealedSecrets: sealed.sealedSecrets,
                metadata: await isInFile(item, round) ? BackupOrigin.file : BackupOrigin.command)
        }
        details.problems = round.memory.problems(of: item.entity, naming: reading.entities)
        reading.problems = details.problems
        guard let number = try await automations.record(details, of: round.connection, under: claims) else {
            return false
        }
        round.memory.readings[item.id] = reading
        if number > 0 {
            round.logger.info(
                "Stored a version of an automation.",
                metadata: ["automation": "\(item.entity.entityID)", "version": "\(number)"])
        }
        return true
    }

    /// Whether the configuration stands in Home Assistant's file as the command told it: then nothing in it came from `!secret`,
    /// and it may be written back. A file that cannot be read now is no failure of the inventory.
    private func isInFile(_ item: News, _ round: InventoryRound) async -> Bool {
        guard let file = round.file, let id = item.entity.ownID, let found = try? await file.read(id) else {
            return false
        }
        return ConfigurationSpelling.normalised(found) == ConfigurationSpelling.normalised(item.configuration)
    }

    /// Stores what automations lack, where that is not what it was.
    private func nameProblems(_ round: inout InventoryRound) async throws -> Bool {
        try await ask(Array(round.memory.unasked.prefix(5_000)), &round)
        let (isOurs, claims) = claims(round.connection)
        guard isOurs else { return false }
        for (entity, automation) in round.memory.automations {
            guard let id = round.memory.row(entity) else { continue }
            let reading = round.memory.readings[id] ?? InventoryMemory.Reading(hash: [], entities: [])
            let problems = round.memory.problems(of: automation, naming: reading.entities)
            guard problems != reading.problems else { continue }
            let details = AutomationRepository.Details(
                automation: id, isRead: false, problems: problems)
            guard try await automations.record(details, of: round.connection, under: claims) != nil else {
                return false
            }
            round.memory.readings[id, default: reading].problems = problems
        }
        return true
    }
}
