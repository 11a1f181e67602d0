/// The migrations that this program carries, embedded from the files of `Migrations/`.
package enum MigrationCatalog {
    /// All of them in order. A new pair of files is added here; a test finds the one that was forgotten.
    package static let all: [Migration] = [
        Migration(
            version: 1, description: "create users",
            up: PackageResources.V001__create_users_sql,
            down: PackageResources.U001__create_users_sql),
        Migration(
            version: 2, description: "create home assistant integration",
            up: PackageResources.V002__create_home_assistant_integration_sql,
            down: PackageResources.U002__create_home_assistant_integration_sql),
        Migration(
            version: 3, description: "create event gaps and leases",
            up: PackageResources.V003__create_event_gaps_and_leases_sql,
            down: PackageResources.U003__create_event_gaps_and_leases_sql),
    ]
}
