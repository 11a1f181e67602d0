/// A device, which has one entity or many.
package struct RegistryDevice: Sendable, Equatable {
    package var deviceID: String
    /// The name that a person gave it, else its own.
    package var name: String?
    package var areaID: String?
    package var manufacturer: String?
    package var model: String?
    package var softwareVersion: String?
    /// The device through which it is reached, such as a bridge or a hub.
    package var viaDeviceID: String?
    /// Who disabled it, such as `user`; `nil` where it is enabled.
    package var disabledBy: String?
    /// Ids of labels, sorted.
    package var labels: [String]

    package init(
        deviceID: String, name: String? = nil, areaID: String? = nil, manufacturer: String? = nil,
        model: String? = nil, softwareVersion: String? = nil, viaDeviceID: String? = nil, disabledBy: String? = nil,
        labels: [String] = []
    ) {
        self.deviceID = deviceID
        self.name = name
        self.areaID = areaID
        self.manufacturer = manufacturer
        self.model = model
        self.softwareVersion = softwareVersion
        self.viaDeviceID = viaDeviceID
        self.disabledBy = disabledBy
        self.labels = labels
    }
}
