/// An area of a house, such as the kitchen.
package struct RegistryArea: Sendable, Equatable {
    package var areaID: String
    package var name: String
    package var floorID: String?
    /// The name of the floor `floorID`.
    package var floorName: String?
    /// Other names that people use for it, sorted.
    package var aliases: [String]
    /// Ids of labels, sorted.
    package var labels: [String]

    package init(
        areaID: String, name: String, floorID: String? = nil, floorName: String? = nil, aliases: [String] = [],
        labels: [String] = []
    ) {
        self.areaID = areaID
        self.name = name
        self.floorID = floorID
        self.floorName = floorName
        self.aliases = aliases
        self.labels = labels
    }
}
