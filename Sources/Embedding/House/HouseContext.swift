import BridgeCore

/// What the registries of one Home Assistant say about its entities, as far as event texts need it.
package struct HouseContext: Sendable, Equatable {
    /// By entity id. An entity may be missing: not every entity is in the registry.
    package var entities: [String: EntityContext]
    /// Home Assistant's own zone, an IANA name such as `Europe/Berlin`; `nil` while it is unknown, which stands for UTC.
    package var timeZone: String?

    package init(entities: [String: EntityContext] = [:], timeZone: String? = nil) {
        self.entities = entities
        self.timeZone = timeZone
    }
}

/// One entity as the registries know it.
package struct EntityContext: Sendable, Equatable {
    /// The name that a person gave it, else the original one. The attribute `friendly_name` of a state comes before it.
    package var name: String?
    /// The area's name: the entity's own area, else its device's.
    package var area: String?
    /// The device class that a person chose, else the original one. The attribute `device_class` of a state comes before it.
    package var deviceClass: String?

    package init(name: String? = nil, area: String? = nil, deviceClass: String? = nil) {
        self.name = name
        self.area = area
        self.deviceClass = deviceClass
    }
}
