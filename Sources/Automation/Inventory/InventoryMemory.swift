import BridgeCore
import HomeAssistantClient
import Store

/// What the inventory of one session remembers between its listings. No clock of its own.
struct InventoryMemory {
    typealias Instant = ContinuousClock.Instant

    /// What was read of a configuration last.
    struct Reading {
        /// The hash of the configuration as Home Assistant gave it.
        var hash: [UInt8]
        var entities: Set<String>
        /// As they were stored last.
        var problems: [String]?
    }

    let dwell: Duration
    /// As last listed, by entity id.
    private(set) var automations: [String: ListedAutomation] = [:]
    /// The ids of everything that has a state.
    private(set) var entities: Set<String> = []
    /// The rows by the ids in Home Assistant.
    private(set) var rows: [String: AutomationID] = [:]
    var readings: [AutomationID: Reading] = [:]
    /// What the registry said of entities that were asked for; `nil` inside for one that it does not know.
    var registry: [String: AutomationReader.RegistryEntry?] = [:]
    /// Since when automations are unavailable, by their ids in Home Assistant.
    private var unavailableSince: [String: Instant] = [:]
    /// Since when automations are not listed any more.
    private var missingSince: [String: Instant] = [:]
    /// Entities whose configurations are to be read, the urgent ones first.
    private(set) var unread: [String] = []

    init(dwell: Duration) { self.dwell = dwell }

    static func key(_ automation: ListedAutomation) -> String { automation.ownID ?? automation.entityID }

    /// The row of an automation; `nil` before it has one.
    func row(_ entity: String) -> AutomationID? { automations[entity].flatMap { rows[Self.key($0)] } }

    // MARK: Listing

    /// Takes in a listing at `now`, and gives what is to be merged.
    mutating func take(_ listing: StateListing, now: Instant) -> AutomationListing {
        entities = listing.entities
        automations = Dictionary(listing.automations.map { ($0.entityID, $0) }) { first, _ in first }
        var unavailable: [String: Instant] = [:]
        var entries: [AutomationListing.Entry] = []
        for automation in listing.automations {
            let key = Self.key(automation)
            var entry = AutomationListing.Entry(
                homeAssistantID: key, hasOwnID: automation.ownID != nil, entityID: automation.entityID,
                registryID: registry[automation.entityID]??.registryID, name: automation.name, mode: automation.mode,
                readOnlyReason: automation.ownID == nil
                    ? "It has no id, by which Home Assistant's configuration API would know it." : nil)
            switch automation.state {
            case .on: (entry.state, entry.isEnabled) = (.active, true)
            case .off: (entry.state, entry.isEnabled) = (.paused, false)
            case .unavailable:
                let since = unavailableSince[key] ?? now
                unavailable[key] = since
                guard since + dwell <= now else { break }
                entry.state = .unavailable
                entry.detail =
                    automation.isRestored
                    ? "Home Assistant remembers it but has not loaded it." : "Its configuration is not valid."
            }
            entries.append(entry)
        }
        unavailableSince = unavailable
        let listed = Set(entries.map(\.homeAssistantID))
        missingSince = missingSince.filter { !listed.contains($0.key) }
        return AutomationListing(
            entries: entries, gone: missingSince.filter { $0.value + dwell <= now }.map(\.key).sorted())
    }

    /// Takes in what the merge of a listing taken at `now` gave.
    mutating func take(_ merge: AutomationMerge, now: Instant) {
        rows = merge.rows
        var missing: [String: Instant] = [:]
        for key in merge.missing { missing[key] = missingSince[key] ?? now }
        missingSince = missing
        let alive = Set(rows.values)
        readings = readings.filter { alive.contains($0.key) }
        let new = automations.keys.filter { entity in row(entity).map { readings[$0] == nil } ?? false }
        wantConfigurations(of: new.sorted())
    }

    /// When to list again for what is not certain yet; `nil` where everything is.
    func uncertainUntil(_ now: Instant) -> Instant? {
        let pending =
            unavailableSince.values.map { $0 + dwell }.filter { $0 > now } + missingSince.values.map { $0 + dwell }
        return pending.min()
    }

    /// Whether the last state of an entity that the events tell of is news.
    func isNews(_ entity: String, state: String?, attributes: String?) -> Bool {
        guard state != nil else { return automations[entity] != nil }
        let told = ListedAutomation(
            entityID: entity, state: state, attributes: attributes.flatMap { ConfigurationValue(json: $0) })
        return automations[entity] != told
    }

    // MARK: Configurations

    /// Has the configurations of these entities read; urgent ones before all others.
    mutating func wantConfigurations(of entities: [String], isUrgent: Bool = false) {
        let new = Set(entities)
        if isUrgent {
            unread = entities + unread.filter { !new.contains($0) }
        } else {
            let known = Set(unread)
            unread += entities.filter { !known.contains($0) }
        }
    }

    /// Has all configurations read.
    mutating func wantAllConfigurations() { wantConfigurations(of: automations.keys.sorted()) }

    /// Takes these off the list.
    mutating func finished(_ entities: some Collection<String>) {
        let done = Set(entities)
        unread.removeAll { done.contains($0) }
    }

    // MARK: Problems

    /// Entities that configurations name, that have no state, and that the registry was not asked for.
    var unasked: [String] {
        var missing: Set<String> = []
        for reading in readings.values { missing.formUnion(reading.entities.subtracting(entities)) }
        return missing.filter { registry[$0] == nil }.sorted()
    }

    /// What an automation lacks.
    func problems(of automation: ListedAutomation, naming named: Set<String>) -> [String] {
        let stateless = named.subtracting(entities)
        // Of one that was not asked for, nothing is said.
        let missing = stateless.filter { entity in registry[entity].map { $0 == nil } ?? false }
        let disabled = stateless.filter { registry[$0]??.isDisabled == true }
        return AutomationProblems.sentences(for: automation, missing: missing, disabled: disabled)
    }
}
