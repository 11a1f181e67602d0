import PostgresClient
import Store

/// Packs the indexes of months that are over, which takes a third and more off their size. See `IndexPackingRepository`.
package struct IndexPackingJob: MaintenanceJob {
    package let name = "index_packing"
    package let interval = Duration.seconds(86_400)
    /// It reads whole months: not what a start should begin with.
    package let firstPause = Duration.seconds(7_200)

    private let indexes: IndexPackingRepository

    /// A job over these indexes.
    package init(_ indexes: IndexPackingRepository) { self.indexes = indexes }

    package func run() async throws -> JobOutcome {
        var count = 0
        var saved: Int64 = 0
        for index in try await indexes.candidates() {
            try Task.checkCancellation()
            do {
                switch try await indexes.pack(index) {
                case .packed(let before, let after):
                    count += 1
                    saved += before - after
                case .ownerNeeded:
                    return JobOutcome(
                        summary:
                            "The login of the bridge may not act as the owner of the tables, so that the indexes of past months stay as large as they are. Grant it ha_bridge_owner."
                    )
                }
            } catch let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "42704" {
                // Retention dropped the month meanwhile.
                continue
            }
        }
        guard count > 0 else { return .nothing }
        return JobOutcome(
            summary: "Packed \(count) \(count == 1 ? "index" : "indexes") of past months: \(saved >> 20) MB less.",
            items: count)
    }
}
