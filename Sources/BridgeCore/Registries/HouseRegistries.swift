/// What the registries of one Home Assistant hold. A list that could not be had is `nil`, which is not the same as an empty one:
/// an old release has no labels and no floors, and nothing is concluded from that.
package struct HouseRegistries: Sendable, Equatable {
    package var areas: [RegistryArea]?
    package var labels: [RegistryLabel]?
    package var devices: [RegistryDevice]?
    package var entities: [RegistryEntity]?

    package init(
        areas: [RegistryArea]? = nil, labels: [RegistryLabel]? = nil, devices: [RegistryDevice]? = nil,
        entities: [RegistryEntity]? = nil
    ) {
        self.areas = areas
        self.labels = labels
        self.devices = devices
        self.entities = entities
    }
}
