/// What a user may do.
package enum UserRole: String, Sendable, Codable, CaseIterable {
    /// Everything, also with what belongs to others.
    case admin
    /// Own connections.
    case user
    /// Reads only.
    case observer
}
