import BridgeCore

/// A listing as the JSON array that the statements of `RegistryTable` read, with only what their columns can hold.
struct RegistryRows {
    private var bytes: [UInt8] = [0x5B]
    private var keys: Set<String> = []

    /// How long an identifier of Home Assistant's may be, in code points.
    private static let limit = 255

    /// The array written so far.
    var json: String { String(decoding: bytes + [0x5D], as: UTF8.self) }

    /// Whether a row of its own may have this key: it fits its column, and no row before it has it.
    private mutating func takes(_ key: String) -> Bool {
        guard Self.identifier(key) != nil else { return false }
        return keys.insert(key).inserted
    }

    /// `id`, unless it is empty or does not fit. To cut it off would make it another one.
    private static func identifier(_ id: String?) -> String? {
        guard let id, !id.isEmpty, id.unicodeScalars.count <= limit, !id.utf8.contains(0) else { return nil }
        return id
    }

    private mutating func append(_ members: [(name: String, value: Value?)]) {
        if bytes.count > 1 { bytes.append(0x2C) }
        bytes.append(0x7B)
        var isFirst = true
        for case (let name, let value?) in members {
            if !isFirst { bytes.append(0x2C) }
            isFirst = false
            JSONText.appendQuoted(name, to: &bytes)
            bytes.append(0x3A)
            value.append(to: &bytes)
        }
        bytes.append(0x7D)
    }

    private enum Value {
        case text(String)
        case texts([String])

        init?(_ text: String?) {
            guard let text else { return nil }
            self = .text(text)
        }

        func append(to bytes: inout [UInt8]) {
            switch self {
            case .text(let text): JSONText.appendQuoted(StorableText.fitting(text), to: &bytes)
            case .texts(let texts):
                bytes.append(0x5B)
                for (number, text) in texts.enumerated() {
                    if number > 0 { bytes.append(0x2C) }
                    // The separator of `RegistryTable.selection` must not come up in a text.
                    JSONText.appendQuoted(StorableText.fitting(text).replacing("\u{1F}", with: "\u{FFFD}"), to: &bytes)
                }
                bytes.append(0x5D)
            }
        }
    }
}

extension RegistryRows {
    init(_ areas: [RegistryArea]) {
        for area in areas where takes(area.areaID) {
            append([
                ("area_id", .text(area.areaID)), ("name", .text(area.name)),
                ("floor_id", Value(Self.identifier(area.floorID))), ("floor_name", Value(area.floorName)),
                ("aliases", .texts(area.aliases)), ("labels", .texts(area.labels)),
            ])
        }
    }

    init(_ labels: [RegistryLabel]) {
        for label in labels where takes(label.labelID) {
            append([
                ("label_id", .text(label.labelID)), ("name", .text(label.name)),
                ("description", Value(label.description)), ("color", Value(label.color)),
            ])
        }
    }

    init(_ devices: [RegistryDevice]) {
        for device in devices where takes(device.deviceID) {
            append([
                ("device_id", .text(device.deviceID)), ("name", Value(device.name)),
                ("area_id", Value(Self.identifier(device.areaID))), ("manufacturer", Value(device.manufacturer)),
                ("model", Value(device.model)), ("software_version", Value(device.softwareVersion)),
                ("via_device_id", Value(Self.identifier(device.viaDeviceID))),
                ("disabled_by", Value(device.disabledBy)), ("labels", .texts(device.labels)),
            ])
        }
    }

    /// No two rows get the same entity id, either.
    init(_ entities: [RegistryEntity]) {
        var entityIDs: Set<String> = []
        for entity in entities where Self.identifier(entity.entityID) != nil && !entityIDs.contains(entity.entityID) {
            guard takes(entity.registryID) else { continue }
            entityIDs.insert(entity.entityID)
            append([
                ("registry_id", .text(entity.registryID)), ("entity_id", .text(entity.entityID)),
                ("unique_id", Value(entity.uniqueID)), ("platform", Value(entity.platform)),
                ("name", Value(entity.name)), ("device_id", Value(Self.identifier(entity.deviceID))),
                ("area_id", Value(Self.identifier(entity.areaID))), ("device_class", Value(entity.deviceClass)),
                ("entity_category", Value(entity.entityCategory)), ("disabled_by", Value(entity.disabledBy)),
                ("hidden_by", Value(entity.hiddenBy)), ("labels", .texts(entity.labels)),
            ])
        }
    }
}
