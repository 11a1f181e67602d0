import BridgeCore
import PostgresClient
import Store

/// What `status` says of the disk: how many bytes a stored state takes, by table and index.
struct StorageStatus {
    let use: StorageUse

    /// Reads the catalogue; the schema must be current.
    init(pool: PostgresPool) async throws { use = try await StorageRepository(pool).use() }

    /// For a reading that is there already.
    init(use: StorageUse) { self.use = use }

    /// One line.
    var text: String {
        let size = ByteText.of(use.bytes)
        guard let tenths = use.tenthsPerState(of: use.bytes) else { return size }
        return "\(size) for about \(use.states) states: \((tenths + 5) / 10) bytes each"
    }

    /// The largest pieces, and the rest as one row.
    var table: TextTable {
        let columns: [TextTable.Column] = [
            .init("TABLE", isFlexible: true), .init("INDEX", isFlexible: true), .init("SIZE", .right),
            .init("BYTES PER STATE", .right),
        ]
        let shown = use.pieces.prefix(Self.shownPieces)
        var rows = shown.map { row($0.table, $0.index ?? "", $0.bytes) }
        let rest = use.pieces.dropFirst(Self.shownPieces).reduce(0) { $0 + $1.bytes }
        if rest > 0 { rows.append(row("everything else", "", rest)) }
        return TextTable(columns, rows: rows)
    }

    private static let shownPieces = 8

    private func row(_ table: String, _ index: String, _ bytes: Int) -> [String] {
        [table, index, ByteText.of(bytes), perState(bytes)]
    }

    private func perState(_ bytes: Int) -> String {
        guard let tenths = use.tenthsPerState(of: bytes) else { return "-" }
        return "\(tenths / 10).\(tenths % 10)"
    }

    var jsonValue: JSONValue {
        .object([
            "estimated_events": .integer(Int64(use.events)),
            "estimated_states": .integer(Int64(use.states)),
            "bytes": .integer(Int64(use.bytes)),
            "bytes_per_state": number(use.bytes),
            "pieces": .array(
                use.pieces.map { piece in
                    .object([
                        "table": .string(piece.table),
                        "index": .optional(piece.index),
                        "bytes": .integer(Int64(piece.bytes)),
                        "bytes_per_state": number(piece.bytes),
                    ])
                }),
        ])
    }

    private func number(_ bytes: Int) -> JSONValue {
        use.tenthsPerState(of: bytes).map { .number(Double($0) / 10) } ?? .null
    }
}
