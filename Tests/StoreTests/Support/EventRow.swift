import BridgeCore
import FoundationEssentials
import PostgresClient

@testable import Store

/// A row of the events' COPY stream.
struct EventRow {
    var id = UUID()
    var connection: ConnectionID
    var entity = "light.kitchen"
    var old: String? = "off"
    var new: String? = "on"
    var attributes = #"{"brightness":120,"friendly_name":"Küche"}"#
    var timestamp: Timestamp
    var value: Double?
    var source = "live"

    /// The stream of rows, cut into pieces of `size` bytes anywhere.
    static func chunks(_ rows: [EventRow], size: Int = 1_000) -> [[UInt8]] {
        var encoder = BinaryCopyEncoder()
        encoder.header()
        for row in rows { row.encode(into: &encoder) }
        encoder.trailer()
        let bytes = encoder.bytes
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    private func encode(into encoder: inout BinaryCopyEncoder) {
        encoder.beginRow(columns: Int16(EventTable.columns.count))
        encoder.uuid(id)
        encoder.uuid(connection.uuid)
        encoder.text("state_changed" as StaticString)
        encoder.text(entity)
        if let old { encoder.text(old) } else { encoder.null() }
        if let new { encoder.text(new) } else { encoder.null() }
        encoder.jsonb(attributes)
        encoder.timestamptz(timestamp)
        if let value { encoder.float8(value) } else { encoder.null() }
        encoder.text(source)
        encoder.text("01HV" as StaticString)
        for _ in 0..<4 { encoder.null() }
    }
}

extension EventTable {
    /// The fast way for `rows`, as the bridge takes it: into their month, where they all lie in one.
    static func copyDirect(
        _ connection: PostgresConnection, rows: [EventRow], size: Int = 1_000, seal: BatchSeal? = nil
    ) async throws(PostgresError) -> Int {
        let months = Set(rows.map { EventMonth(of: $0.timestamp) })
        return try await copyDirect(
            connection, chunks: EventRow.chunks(rows, size: size), month: months.count == 1 ? months.first ?? nil : nil,
            seal: seal)
    }
}

extension Timestamp {
    /// 2026-11-21 01:14:48.110907 UTC.
    static let sample = Timestamp(microseconds: 1_795_223_688_110_907)
    /// Now, to the microsecond.
    static var now: Timestamp { Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }
}
