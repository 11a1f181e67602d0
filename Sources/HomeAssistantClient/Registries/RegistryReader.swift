import BridgeCore
import FoundationEssentials

/// Asks Home Assistant for its registries: one command after the other, so that it has time for others between two of them.
package struct RegistryReader: Sendable {
    private let port: CommandPort
    private let answerLimit: Duration

    /// How often a refused `get_entries` may be tried again in smaller parts.
    private static let splitLimit = 40

    /// Asks over `port`, and waits for each answer no longer than `answerLimit`.
    package init(_ port: CommandPort, answerLimit: Duration = .seconds(60)) {
        self.port = port
        self.answerLimit = answerLimit
    }

    /// Reads everything. What Home Assistant refuses is left out and named in the listing; `.timedOut` and `.disconnected` are
    /// thrown.
    package func read() async throws(CommandFailure) -> RegistryListing {
        var listing = RegistryListing()
        listing.timeZone = try await timeZone(&listing)
        listing.registries.areas = try await areas(&listing)
        listing.registries.labels = try await labels(&listing)
        let devices = try await devices(&listing)
        listing.registries.devices = devices
        if var entities = try await entities(devices ?? [], &listing) {
            let classes = try await deviceClasses(of: entities.map(\.entityID), &listing)
            for index in entities.indices { entities[index].deviceClass = classes[entities[index].entityID] }
            listing.registries.entities = entities
        }
        return listing
    }

    private func timeZone(_ listing: inout RegistryListing) async throws(CommandFailure) -> String? {
        guard let answer = try await ask(RegistryCommand.configuration, &listing) else { return nil }
        let data = Data(answer.frame[answer.result])
        return try? JSONDecoder().decode(HomeAssistantConfiguration.self, from: data).timeZone
    }

    private func areas(_ listing: inout RegistryListing) async throws(CommandFailure) -> [RegistryArea]? {
        let floors = try await list(RegistryCommand.floors, &listing) { item -> (id: String, name: String)? in
            guard let id = item.text("floor_id"), let name = item.text("name") else { return nil }
            return (id, name)
        }
        let names = Dictionary((floors ?? []).map { ($0.id, $0.name) }) { first, _ in first }
        return try await list(RegistryCommand.areas, &listing) { item in
            guard let id = item.text("area_id") else { return nil }
            let floor = item.text("floor_id")
            return RegistryArea(
                areaID: id, name: item.text("name") ?? id, floorID: floor, floorName: floor.flatMap { names[$0] },
                aliases: item.texts("aliases"), labels: item.texts("labels"))
        }
    }

    private func labels(_ listing: inout RegistryListing) async throws(CommandFailure) -> [RegistryLabel]? {
        try await list(RegistryCommand.labels, &listing) { item in
            guard let id = item.text("label_id") else { return nil }
            return RegistryLabel(
                labelID: id, name: item.text("name") ?? id, description: item.text("description"),
                color: item.text("color"))
        }
    }

    private func devices(_ listing: inout RegistryListing) async throws(CommandFailure) -> [RegistryDevice]? {
        try await list(RegistryCommand.devices, &listing) { item in
            guard let id = item.text("id") else { return nil }
            return RegistryDevice(
                deviceID: id, name: item.text("name_by_user") ?? item.text("name"), areaID: item.text("area_id"),
                manufacturer: item.text("manufacturer"), model: item.text("model"),
                softwareVersion: item.text("sw_version"), viaDeviceID: item.text("via_device_id"),
                disabledBy: item.text("disabled_by"), labels: item.texts("labels"))
        }
    }

    private func entities(
        _ devices: [RegistryDevice], _ listing: inout RegistryListing
    ) async throws(CommandFailure) -> [RegistryEntity]? {
        let deviceNames = Dictionary(devices.map { ($0.deviceID, $0.name) }) { first, _ in first }
        return try await list(RegistryCommand.entities, &listing) { item in
            guard let id = item.text("id"), let entity = item.text("entity_id") else { return nil }
            let device = item.text("device_id")
            return RegistryEntity(
                registryID: id, entityID: entity, uniqueID: item.text("unique_id"), platform: item.text("platform"),
                name: Self.name(of: item, device: device.flatMap { deviceNames[$0] ?? nil }), deviceID: device,
                areaID: item.text("area_id"), entityCategory: item.text("entity_category"),
                disabledBy: item.text("disabled_by"), hiddenBy: item.text("hidden_by"), labels: item.texts("labels"))
        }
    }

    /// The name of an entity as Home Assistant shows it: a modern integration names only what is particular about the entity, and
    /// the device's name goes before that.
    private static func name(of item: RegistryItem, device: String?) -> String? {
        if let given = item.text("name") { return given }
        let original = item.text("original_name")
        guard item.flag("has_entity_name"), let device else { return original }
        return original.map { "\(device) \($0)" } ?? device
    }

    /// The device classes by entity id. An id that Home Assistant does not take spoils the command that it is in: such a command
    /// is tried again by halves.
    private func deviceClasses(
        of entities: [String], _ listing: inout RegistryListing
    ) async throws(CommandFailure) -> [String: String] {
        let size = RegistryCommand.entriesAtOnce
        // The last part first, so that the next one is taken off the end.
        var parts =
            stride(from: 0, to: entities.count, by: size).map { start in
                entities[start..<min(start + size, entities.count)]
            }.reversed() as [ArraySlice<String>]
        var splits = 0
        var classes: [String: String] = [:]
        while let part = parts.popLast() {
            let answer: CommandAnswer
            do throws(CommandFailure) {
                answer = try await port.ask(RegistryCommand.entries(of: part), within: answerLimit)
            } catch .refused(let code, _) {
                if code == "invalid_format", part.count > 1, splits < Self.splitLimit {
                    splits += 1
                    parts.append(part.suffix(part.count / 2))
                    parts.append(part.dropLast(part.count / 2))
                } else {
                    listing.refusals["config/entity_registry/get_entries"] = code
                    // Refused for another reason than its ids, it is refused every time.
                    if code != "invalid_format" { return classes }
                }
                continue
            }
            _ = answer.forEachItem { item in
                guard let entity = item.text("entity_id") else { return }
                classes[entity] = item.text("device_class") ?? item.text("original_device_class")
            }
        }
        return classes
    }

    /// The entries of one registry; `nil` when Home Assistant refuses them.
    private func list<Entry>(
        _ command: String, _ listing: inout RegistryListing, _ decode: (RegistryItem) -> Entry?
    ) async throws(CommandFailure) -> [Entry]? {
        guard let answer = try await ask(command, &listing) else { return nil }
        var entries: [Entry] = []
        var skipped = 0
        let others = answer.forEachItem { item in
            if let entry = decode(item) { entries.append(entry) } else { skipped += 1 }
        }
        guard let others else {
            listing.refusals[Self.type(of: command)] = "no_list"
            return nil
        }
        listing.skipped += skipped + others
        return entries
    }

    private func ask(_ command: String, _ listing: inout RegistryListing) async throws(CommandFailure) -> CommandAnswer?
    {
        do throws(CommandFailure) {
            return try await port.ask(command, within: answerLimit)
        } catch {
            guard case .refused(let code, _) = error else { throw error }
            listing.refusals[Self.type(of: command)] = code
            return nil
        }
    }

    /// `config/area_registry/list` of the command's fields.
    private static func type(of command: String) -> String {
        String(command.dropFirst(#""type":""#.count).prefix { $0 != "\"" })
    }
}
