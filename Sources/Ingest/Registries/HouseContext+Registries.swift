import BridgeCore
import Embedding

extension HouseContext {
    /// What the texts of events need of the registries: an entity's area is its own, else its device's.
    package init(_ registries: HouseRegistries, timeZone: String?) {
        let areas = Dictionary((registries.areas ?? []).map { ($0.areaID, $0.name) }) { first, _ in first }
        var areaOfDevice: [String: String] = [:]
        for device in registries.devices ?? [] {
            areaOfDevice[device.deviceID] = device.areaID.flatMap { areas[$0] }
        }
        var entities: [String: EntityContext] = [:]
        for entity in registries.entities ?? [] {
            let context = EntityContext(
                name: entity.name,
                area: entity.areaID.flatMap { areas[$0] } ?? entity.deviceID.flatMap { areaOfDevice[$0] },
                deviceClass: entity.deviceClass)
            if context != EntityContext() { entities[entity.entityID] = context }
        }
        self.init(entities: entities, timeZone: timeZone)
    }
}
