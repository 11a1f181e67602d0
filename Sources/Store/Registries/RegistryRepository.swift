import BridgeCore
import PostgresClient

/// The tables of Home Assistant's registries: areas, labels, devices, entities, and the renames of entities. Methods throw
/// `PostgresError`.
package struct RegistryRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes the tables say what was listed last, and returns what that changed; rows that are as they were are not touched.
    ///
    /// What is gone stays with `removed_at` set, and comes back if Home Assistant has it again. A list that is `nil` leaves its
    /// table as it is. Entries with an id that fits no column, or with one that another entry has, are left out. All in one
    /// transaction, one at a time for each connection. Returns `nil`, and changes nothing, when the connection is gone or marked
    /// as removed, or its lease is not held as claimed.
    package func replace(
        _ connection: ConnectionID, with registries: HouseRegistries, under claims: LeaseClaims? = nil
    ) async throws -> RegistryChanges? {
        let areas = registries.areas.map { RegistryRows($0).json }
        let labels = registries.labels.map { RegistryRows($0).json }
        let devices = registries.devices.map { RegistryRows($0).json }
        let entities = registries.entities.map { RegistryRows($0).json }
        return try await pool.withConnection { session in
            try await session.transaction(deadline: .seconds(60)) { session in
                guard try LeaseClaims.lock("home_assistant_registries", of: connection, under: claims, session) else {
                    return nil
                }
                var changes = RegistryChanges()
                try Self.update(.areas, of: connection, to: areas, session, &changes)
                try Self.update(.labelTable, of: connection, to: labels, session, &changes)
                try Self.update(.devices, of: connection, to: devices, session, &changes)
                if let entities {
                    let renames = try session.query(
                        RegistryTable.noteRenames, [.id(connection), .json(entities)], name: "note_entity_renames")
                    for row in renames {
                        changes.renames.append(
                            RegistryChanges.Rename(
                                from: try row.string("old_entity_id"), to: try row.string("new_entity_id")))
                    }
                    try Self.update(.entities, of: connection, to: entities, session, &changes)
                }
                return changes
            }
        }
    }

    /// The registries of a connection as they were stored last, without what is gone; entries in the order of their ids.
    package func registries(of connection: ConnectionID) async throws -> HouseRegistries {
        let parameters: [PostgresValue] = [.id(connection)]
        return try await pool.withConnection { session in
            HouseRegistries(
                areas: try await session.query(RegistryTable.areas.selection, parameters, name: "list_areas")
                    .map { try RegistryArea(row: $0) },
                labels: try await session.query(RegistryTable.labelTable.selection, parameters, name: "list_labels")
                    .map { try RegistryLabel(row: $0) },
                devices: try await session.query(RegistryTable.devices.selection, parameters, name: "list_devices")
                    .map { try RegistryDevice(row: $0) },
                entities: try await session.query(RegistryTable.entities.selection, parameters, name: "list_entities")
                    .map { try RegistryEntity(row: $0) })
        }
    }

    // MARK: Writing

    private static func update(
        _ table: RegistryTable, of connection: ConnectionID, to json: String?, _ session: isolated PostgresConnection,
        _ changes: inout RegistryChanges
    ) throws {
        guard let json else { return }
        let parameters: [PostgresValue] = [.id(connection), .json(json)]
        for row in try session.query(table.removal, parameters, name: "remove_\(table.name)")
        where try row.bool("is_gone") { changes.removed += 1 }
        let upserted = try session.query(table.upsert, parameters, name: "upsert_\(table.name)")
        var added = 0
        for row in upserted where try row.bool("is_new") { added += 1 }
        changes.added += added
        changes.changed += upserted.count - added
    }
}

// MARK: - Rows

extension PostgresRow {
    /// An array of texts, as `RegistryTable.selection` gives it.
    fileprivate func texts(_ column: String) throws(PostgresError) -> [String] {
        try string(column).split(separator: "\u{1F}").map(String.init)
    }
}

extension RegistryArea {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            areaID: try row.string("area_id"), name: try row.string("name"),
            floorID: try row.optionalString("floor_id"), floorName: try row.optionalString("floor_name"),
            aliases: try row.texts("aliases"), labels: try row.texts("labels"))
    }
}

extension RegistryLabel {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            labelID: try row.string("label_id"), name: try row.string("name"),
            description: try row.optionalString("description"), color: try row.optionalString("color"))
    }
}

extension RegistryDevice {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            deviceID: try row.string("device_id"), name: try row.optionalString("name"),
            areaID: try row.optionalString("area_id"), manufacturer: try row.optionalString("manufacturer"),
            model: try row.optionalString("model"), softwareVersion: try row.optionalString("software_version"),
            viaDeviceID: try row.optionalString("via_device_id"), disabledBy: try row.optionalString("disabled_by"),
            labels: try row.texts("labels"))
    }
}

extension RegistryEntity {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            registryID: try row.string("registry_id"), entityID: try row.string("entity_id"),
            uniqueID: try row.optionalString("unique_id"), platform: try row.optionalString("platform"),
            name: try row.optionalString("name"), deviceID: try row.optionalString("device_id"),
            areaID: try row.optionalString("area_id"), deviceClass: try row.optionalString("device_class"),
            entityCategory: try row.optionalString("entity_category"),
            disabledBy: try row.optionalString("disabled_by"), hiddenBy: try row.optionalString("hidden_by"),
            labels: try row.texts("labels"))
    }
}
