/// What a listing changed in the database, over all registries of a connection.
package struct RegistryChanges: Sendable, Equatable {
    /// An entity that Home Assistant has under another id than before.
    package struct Rename: Sendable, Equatable {
        package let from: String
        package let to: String

        package init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }

    /// Entries that were not known before.
    package var added = 0
    /// Entries that are not as they were, those included that were gone and are back.
    package var changed = 0
    /// Entries that are gone.
    package var removed = 0
    package var renames: [Rename] = []

    package init() {}

    /// Whether the database knew everything already.
    package var isEmpty: Bool { added == 0 && changed == 0 && removed == 0 && renames.isEmpty }
}
