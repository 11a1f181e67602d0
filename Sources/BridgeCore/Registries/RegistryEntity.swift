/// An entity that has an entry in the registry.
package struct RegistryEntity: Sendable, Equatable {
    /// Home Assistant's own id of the entry; it stays when the entity is renamed.
    package var registryID: String
    package var entityID: String
    /// The id that its integration gave it.
    package var uniqueID: String?
    /// The integration, such as `hue`.
    package var platform: String?
    /// The name that a person gave it, else what Home Assistant makes of its original name and its device's.
    package var name: String?
    package var deviceID: String?
    /// The entity's own area; `nil` where it has that of its device.
    package var areaID: String?
    /// The device class that a person chose, else the original one.
    package var deviceClass: String?
    /// `config` or `diagnostic`; `nil` for what a person came for.
    package var entityCategory: String?
    /// Who disabled it, such as `integration`; `nil` where it is enabled.
    package var disabledBy: String?
    /// Who hid it; `nil` where it shows.
    package var hiddenBy: String?
    /// Ids of labels, sorted.
    package var labels: [String]

    package init(
        registryID: String, entityID: String, uniqueID: String? = nil, platform: String? = nil, name: String? = nil,
        deviceID: String? = nil, areaID: String? = nil, deviceClass: String? = nil, entityCategory: String? = nil,
        disabledBy: String? = nil, hiddenBy: String? = nil, labels: [String] = []
    ) {
        self.registryID = registryID
        self.entityID = entityID
        self.uniqueID = uniqueID
        self.platform = platform
        self.name = name
        self.deviceID = deviceID
        self.areaID = areaID
        self.deviceClass = deviceClass
        self.entityCategory = entityCategory
        self.disabledBy = disabledBy
        self.hiddenBy = hiddenBy
        self.labels = labels
    }
}
