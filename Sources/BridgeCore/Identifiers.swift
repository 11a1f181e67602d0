import FoundationEssentials

/// A value that names one row, typed so that ids of different tables cannot be mixed up.
package protocol TypedIdentifier: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The UUID as PostgreSQL stores it.
    var uuid: UUID { get }

    /// Wraps a UUID that came from the matching table.
    init(_ uuid: UUID)
}

extension TypedIdentifier {
    /// A fresh random id.
    package init() { self.init(UUID()) }

    /// The id in PostgreSQL's and Home Assistant's textual form, or `nil` when `text` is no UUID.
    package init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        self.init(uuid)
    }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(UUID.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Lowercase, as PostgreSQL prints it.
    package var description: String {
        // Each batch names hundreds of them: Foundation's own goes through a format string, and is copied for its case.
        withUnsafeBytes(of: uuid.uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var place = 0
                for (number, byte) in bytes.enumerated() {
                    if number == 4 || number == 6 || number == 8 || number == 10 {
                        text[place] = UInt8(ascii: "-")
                        place += 1
                    }
                    text[place] = Hexadecimal.digit(byte >> 4)
                    text[place + 1] = Hexadecimal.digit(byte & 15)
                    place += 2
                }
                return place
            }
        }
    }
}

/// A row of `home_assistant_connections`.
package struct ConnectionID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `users`.
package struct UserID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `home_assistant_events`; deterministic, see `EventIdentity`.
package struct EventID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `home_assistant_bridges`: one installation of the bridge, the same after each restart.
package struct BridgeID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `automation_management`.
package struct AutomationID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `approval_workflow`.
package struct WorkflowID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `automation_apply_operation` or `rollback_operation`.
package struct OperationID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A row of `home_assistant_retention_rule`.
package struct RetentionRuleID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}
