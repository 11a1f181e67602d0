import BridgeCore

/// The commands by which Home Assistant lists its registries, as fields for `CommandPort`.
package enum RegistryCommand {
    package static let areas = #""type":"config/area_registry/list""#
    package static let floors = #""type":"config/floor_registry/list""#
    package static let labels = #""type":"config/label_registry/list""#
    package static let devices = #""type":"config/device_registry/list""#
    /// Without device classes: those come with `entries`.
    package static let entities = #""type":"config/entity_registry/list""#
    /// The time zone, among other things.
    package static let configuration = #""type":"get_config""#

    /// Entities in one `entries` command: an answer of half a megabyte or so.
    package static let entriesAtOnce = 500

    /// The whole entries of these entities. Home Assistant refuses the command when one of the ids is not well-formed.
    package static func entries(of entities: some Sequence<String>) -> String {
        var list: [UInt8] = []
        for (number, entity) in entities.enumerated() {
            if number > 0 { list.append(0x2C) }
            JSONText.appendQuoted(entity, to: &list)
        }
        return #""type":"config/entity_registry/get_entries","entity_ids":[\#(String(decoding: list, as: UTF8.self))]"#
    }
}
