import BridgeCore

/// What one reading of the registries gave.
package struct RegistryListing: Sendable, Equatable {
    package var registries = HouseRegistries()
    /// The IANA name of the house's time zone; `nil` where Home Assistant did not say.
    package var timeZone: String?
    /// Entries that could not be read: without an id, or no object.
    package var skipped = 0
    /// The commands that Home Assistant refused or answered with something else than a list, with its code or `no_list`.
    package var refusals: [String: String] = [:]

    package init() {}
}
