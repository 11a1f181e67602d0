/// A label that a person sticks on areas, devices and entities.
package struct RegistryLabel: Sendable, Equatable {
    package var labelID: String
    package var name: String
    package var description: String?
    package var color: String?

    package init(labelID: String, name: String, description: String? = nil, color: String? = nil) {
        self.labelID = labelID
        self.name = name
        self.description = description
        self.color = color
    }
}
