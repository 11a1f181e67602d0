/// Whether a user may act.
package enum UserStatus: String, Sendable, Codable, CaseIterable {
    case active
    /// Switched off by an admin.
    case inactive
    case suspended
}
