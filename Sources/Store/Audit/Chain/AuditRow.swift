import BridgeCore
import FoundationEssentials

/// A row that is to be appended to an audit table: texts that PostgreSQL reads as the types of the columns.
struct AuditRow: Sendable {
    let id: UUID
    /// `nil` also where the row names an automation, whose connection it then is.
    var connection: ConnectionID?
    /// By column; those that are missing are NULL.
    var values: [String: String]

    init(id: UUID, connection: ConnectionID?, values: [String: String?]) {
        self.id = id
        self.connection = connection
        self.values = values.compactMapValues { $0 }
        self.values["id"] = id.uuidString.lowercased()
    }
}

/// What makes a row part of a chain.
struct AuditLink: Sendable {
    let chain: AuditChain
    let sequence: Int64
    /// Of the row before, 64 hexadecimal digits.
    let previousDigest: String
    let signature: String
}

extension AuditRow {
    /// `rows` as JSON for `AuditTable.recordset`; `links` belongs to them one by one, and is empty for rows without a signature.
    static func json(_ rows: [AuditRow], links: [AuditLink] = []) throws -> String {
        let objects = rows.enumerated().map { number, row in
            var object = row.values.mapValues { JSONValue.string($0) }
            object["position"] = .integer(Int64(number))
            if links.isEmpty {
                object["connection_id"] = .optional(row.connection?.description)
            } else {
                let link = links[number]
                object["connection_id"] = .optional(link.chain.connection?.description)
                object["chain_sequence"] = .integer(link.sequence)
                object["previous_digest"] = .string(link.previousDigest)
                object["cryptographic_signature"] = .string(link.signature)
            }
            return JSONValue.object(object)
        }
        return try JSONValue.array(objects).text(indented: false)
    }
}
