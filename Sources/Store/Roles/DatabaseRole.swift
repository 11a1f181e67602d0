import PostgresClient

/// The roles of the server that migration 7 makes; none of them can log in.
package enum DatabaseRole: String, Sendable, CaseIterable {
    /// Owns every table, view and function of the schema. Row security holds for it as well.
    case owner = "ha_bridge_owner"
    /// The bridge and its commands: the rows of every user.
    case writer = "ha_bridge_writer"
    /// People and programs that read: the rows of one user.
    case reader = "ha_bridge_reader"
    /// Who verifies the audit tables: all of their rows, nothing else.
    case auditor = "ha_bridge_auditor"
}

extension PostgresConfiguration {
    /// The same server and login, whose sessions take a role as far as the login may.
    package func taking(_ role: DatabaseRole) -> PostgresConfiguration { taking(role: role.rawValue) }
}
