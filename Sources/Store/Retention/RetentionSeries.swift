import BridgeCore
import PostgresClient

/// The events of one entity, or those of one type that are of no entity, in one partition, and until when they go.
package struct RetentionSeries: Sendable, Equatable {
    package let connection: ConnectionID
    /// `nil` for events of no entity.
    package let entity: String?
    /// `nil` for all types that no other series of the entity names.
    package let eventType: String?
    /// What says so; `nil` for the settings of the bridge.
    package let rule: RetentionRuleID?
    /// Earlier ones go; `nil` for none, ever. Never later than the newest state of the entity, which stays.
    package let until: Timestamp?
    /// Whether the partition holds any that go.
    package let isDue: Bool
}

/// What retention found in one partition.
package struct RetentionMonth: Sendable, Equatable {
    package let partition: EventPartition
    /// Those with something to go, and those of which everything stays.
    package let series: [RetentionSeries]
    /// The types of which series speak by name.
    package let namedTypes: [String]
    /// Houses whose events are not rolled up yet, and therefore stay for now.
    package let waiting: Set<ConnectionID>

    /// What goes now, those of entities first.
    package var due: [RetentionSeries] { groups.flatMap { $0 } }

    /// What goes now, in groups for one statement each: all of entities, or none.
    package var groups: [[RetentionSeries]] {
        let all = series.filter { $0.isDue && !waiting.contains($0.connection) }
        return [all.filter { $0.entity != nil }, all.filter { $0.entity == nil }].flatMap { part in
            stride(from: 0, to: part.count, by: RetentionRepository.seriesAtOnce).map {
                Array(part[$0..<min($0 + RetentionRepository.seriesAtOnce, part.count)])
            }
        }
    }
}

/// How many rows of a house go, and by which rule.
package struct RetentionShare: Sendable, Hashable {
    package let connection: ConnectionID
    /// `nil` for the settings of the bridge.
    package let rule: RetentionRuleID?
    package var rows: Int
}

/// Series as the parameters of a statement: `$1` connections, `$2` entities, `$3` types, `$4` moments. Empty texts stand for NULL.
extension [RetentionSeries] {
    var parameters: [PostgresValue] {
        [
            .textArray(map(\.connection.description)), .textArray(map { $0.entity ?? "" }),
            .textArray(map { $0.eventType ?? "" }), .textArray(map { $0.until?.iso8601 ?? "-infinity" }),
        ]
    }

    /// The same as rows.
    static var rows: String {
        """
        SELECT (row_number() OVER ())::integer AS number, connection_id, nullif(entity_id, '') AS entity_id,
            nullif(event_type, '') AS event_type, until
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
            AS series (connection_id, entity_id, event_type, until)
        """
    }
}
