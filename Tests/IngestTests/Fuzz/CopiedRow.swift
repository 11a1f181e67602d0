@testable import Ingest

/// A row of a COPY stream, taken apart again.
struct CopiedRow {
    let fields: [[UInt8]?]

    /// The row in `bytes`; `nil` where its lengths do not add up.
    init?(_ bytes: ArraySlice<UInt8>) {
        var position = bytes.startIndex
        func integer(_ size: Int) -> Int? {
            guard position + size <= bytes.endIndex else { return nil }
            defer { position += size }
            let value = bytes[position..<(position + size)].reduce(0) { $0 << 8 | UInt64($1) }
            return size == 2 ? Int(Int16(truncatingIfNeeded: value)) : Int(Int32(truncatingIfNeeded: value))
        }
        guard let count = integer(2) else { return nil }
        var fields: [[UInt8]?] = []
        for _ in 0..<count {
            guard let length = integer(4) else { return nil }
            if length < 0 {
                fields.append(nil)
            } else {
                guard position + length <= bytes.endIndex else { return nil }
                fields.append(Array(bytes[position..<(position + length)]))
                position += length
            }
        }
        guard position == bytes.endIndex else { return nil }
        self.fields = fields
    }

    var id: [UInt8]? { fields[0] }

    /// What the row says, for comparison; `nil` where its attributes are no JSON.
    var reference: ReferenceRow? {
        guard fields.count == 15, let type = fields[2], let time = fields[7] else { return nil }
        var attributes: [UInt8]?
        if let jsonb = fields[6] {
            guard jsonb.first == 1, let value = ReferenceJSON.parse(Array(jsonb.dropFirst()), limit: 300),
                value.faults.isEmpty
            else { return nil }
            attributes = value.canonical
        }
        let since2000 = time.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return ReferenceRow(
            eventType: type, entityID: fields[3], oldState: fields[4], newState: fields[5], attributes: attributes,
            microseconds: Int64(bitPattern: since2000) + 946_684_800_000_000, contextID: fields[10],
            contextParentID: fields[11], contextUserID: fields[12])
    }

    /// The column `value`.
    var number: Double? {
        fields[8].map { Double(bitPattern: $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
    }
}

extension EventBatch {
    func row(_ number: Int) -> CopiedRow? { CopiedRow(rows[index[number].range]) }
}
