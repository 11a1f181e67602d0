import BridgeCore
import FoundationEssentials
import PostgresClient

/// What closes a transaction that writes events: the leases that must still hold, what was noted on the way, and how far the
/// spool is written.
package struct BatchSeal: Sendable {
    /// The bridge that writes.
    package var bridge: BridgeID
    /// The connections whose rows are written, and the epoch under which the bridge believes to hold each; `nil` for rows
    /// received under an earlier lease, which need none.
    package var claims: [ConnectionID: Int64?]
    /// Through which record of each run of the spool everything is written.
    package var positions: [UUID: UInt64]
    /// In their order.
    package var sightings: [Sighting]
    /// What is to be rolled up again because of the rows.
    package var marks: Set<RollupMark>

    /// Closes a transaction.
    package init(
        bridge: BridgeID, claims: [ConnectionID: Int64?] = [:], positions: [UUID: UInt64] = [:],
        sightings: [Sighting] = [], marks: Set<RollupMark> = []
    ) {
        self.bridge = bridge
        self.claims = claims
        self.positions = positions
        self.sightings = sightings
        self.marks = marks
    }

    /// The same leases without anything that must take effect once.
    package var claimsAlone: BatchSeal { BatchSeal(bridge: bridge, claims: claims) }

    /// The statement to send together with COMMIT. It holds ids and numbers alone, so that it needs no parameters.
    ///
    /// `skipsMissing` is for a transaction that has left out the rows of connections that are gone.
    func statement(skipsMissing: Bool) -> String {
        // Sorted here as well: the locks are taken in the order of ids whatever plan the server chooses.
        let claims = claims.sorted { $0.key.description < $1.key.description }
        // The spool forgets what is committed, so a commit has to outlive a crash of the server: with synchronous_commit off, the
        // last of them would be gone from both. A stricter setting stays.
        return """
            SELECT pg_catalog.set_config('synchronous_commit', 'local', true)
            WHERE pg_catalog.current_setting('synchronous_commit') = 'off';
            SELECT home_assistant_seal_batch(\(PostgresLiteral.id(bridge)), \
            \(PostgresLiteral.idArray(claims.map(\.key))), \(PostgresLiteral.intArray(claims.map(\.value))), \
            \(PostgresLiteral.uuidArray(positions.map(\.key))), \
            \(PostgresLiteral.intArray(positions.map { Int64($0.value) })), \(PostgresLiteral.bool(skipsMissing)))
            """
    }

    /// Marks what is to be rolled up; goes behind `statement`, which holds the leases.
    var markStatement: String {
        guard !marks.isEmpty else { return "" }
        return """
            ;
            SELECT home_assistant_mark_rollups(\(PostgresLiteral.idArray(marks.map(\.connection))), \
            \(PostgresLiteral.intArray(marks.map(\.bucket))))
            """
    }

    /// Applies the sightings inside the transaction, before it is sealed.
    func record(
        on connection: isolated PostgresConnection, deadline: Duration
    ) throws(PostgresError) {
        guard !sightings.isEmpty else { return }
        let parameters: [PostgresValue] = [
            .textArray(sightings.map(\.id.uuidString)), .textArray(sightings.map(\.connection.description)),
            .textArray(sightings.map { String($0.epoch) }), .textArray(sightings.map(\.kind.rawValue)),
            .textArray(sightings.map(\.at.iso8601)),
            .textArray(sightings.map { ($0.cause ?? .disconnected).rawValue }),
            .textArray(sightings.map { StorableText.fitting($0.detail ?? "") }),
        ]
        _ = try connection.query(
            """
            SELECT home_assistant_record_sightings(
                $1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[],
                (SELECT array_agg(nullif(detail, '') ORDER BY number)
                    FROM unnest($7::text[]) WITH ORDINALITY AS d (detail, number)))
            """, parameters, name: "record_sightings", deadline: deadline)
    }
}
