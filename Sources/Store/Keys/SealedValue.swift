import BridgeCore

/// A value of the database that is sealed with a token key, with all that it is bound to. No textual form of it shows the value.
package enum SealedValue: Sendable, Equatable {
    /// The token of a connection, removed ones included.
    case token(StoredConnection)
    /// What the placeholders of a version of an automation stand for: sealed parts, separated by blanks.
    case backup(SealedBackup)
    /// The same of a proposal.
    case proposal(SealedProposal)

    /// The value as it is stored.
    package var text: String {
        switch self {
        case .token(let connection): connection.sealedToken
        case .backup(let backup): backup.sealedSecrets
        case .proposal(let proposal): proposal.sealedSecrets
        }
    }

    /// The id of the row that holds it.
    var rowID: String {
        switch self {
        case .token(let connection): connection.id.description
        case .backup(let backup): backup.id
        case .proposal(let proposal): proposal.id
        }
    }

    /// The ids of the keys that it was sealed with; empty for a text that is no sealed value.
    package var keyIDs: Set<String> {
        Set(
            text.split(separator: " ").compactMap { part in
                let fields = part.split(separator: ".", omittingEmptySubsequences: false)
                return fields.count == 5 && fields[0] == "v1" ? String(fields[1]) : nil
            })
    }
}

/// The sealed values of a row of `automation_backup`.
package struct SealedBackup: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let id: String
    package let connection: ConnectionID
    package let automation: AutomationID
    package let automationName: String
    package let version: Int
    package let sealedSecrets: String

    package var description: String { "version \(version) of “\(automationName)”" }
    /// Without children, as that of a connection.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The sealed values of a row of `approval_workflow`.
package struct SealedProposal: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let id: String
    package let connection: ConnectionID
    package let automation: AutomationID
    package let automationName: String
    package let sealedSecrets: String

    package var description: String { "the proposal \(id.prefix(8)) about “\(automationName)”" }
    /// Without children, as that of a connection.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
