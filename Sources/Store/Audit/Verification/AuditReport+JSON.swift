import BridgeCore

extension AuditReport {
    /// What was found, chain by chain.
    package var jsonValue: JSONValue {
        .object([
            "sound": .bool(isSound), "checkpoints": .integer(Int64(checkpoints)),
            "chains": .array(
                chains.map { chain in
                    .object([
                        "table": .string(chain.chain.table.rawValue),
                        "connection_id": .optional(chain.chain.connection?.description),
                        "signed_rows": .integer(chain.signedRows), "unsigned_rows": .integer(chain.unsignedRows),
                        "removed_rows": .integer(chain.removedRows),
                        "verified_through": .integer(chain.verifiedThrough),
                        "findings": .array(chain.findings.map(\.jsonValue)),
                    ])
                }),
            "other_findings": .array(otherFindings.map(\.jsonValue)),
        ])
    }
}

extension AuditFinding {
    fileprivate var jsonValue: JSONValue {
        .object([
            "kind": .string(kind.rawValue), "sequence": sequence.map { .integer($0) } ?? .null,
            "row_id": .optional(rowID),
            "message": .string(message),
        ])
    }
}
