import BridgeCore
import Cryptography
import FoundationEssentials

/// A signed statement of where chains had come to at a moment, to be kept outside of the database.
package struct AuditCheckpoint: Sendable, Hashable {
    /// What a checkpoint says of one place in a chain.
    struct Sight: Sendable, Hashable {
        let digest: String
        let time: Timestamp
    }

    package let createdAt: Timestamp
    /// Whether it names every chain that there was; else those that had moved since the one before.
    package let isComplete: Bool
    /// In the order of the chains.
    package let positions: [(chain: AuditChain, position: AuditPosition)]
    package let keyID: String
    /// Base64 of 64 bytes.
    package let signature: String

    init(
        createdAt: Timestamp, isComplete: Bool, positions: [AuditChain: AuditPosition], signer: RowSigner
    ) throws(CryptographyError) {
        self.createdAt = createdAt
        self.isComplete = isComplete
        self.positions = positions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let signature = try signer.sign(Self.message(createdAt, isComplete, self.positions))
        keyID = signature.keyID
        self.signature = signature.base64
    }

    /// What the signature covers: a line for each chain, with its table, its connection or `\N`, its last number and digest.
    package var message: [UInt8] { Self.message(createdAt, isComplete, positions) }

    private static func message(
        _ createdAt: Timestamp, _ isComplete: Bool, _ positions: [(chain: AuditChain, position: AuditPosition)]
    ) -> [UInt8] {
        var text = """
            ha-bridge audit checkpoint v1
            created_at=\(createdAt.iso8601)
            complete=\(isComplete)
            chains=\(positions.count)

            """
        for (chain, position) in positions {
            text +=
                "\(chain.table.rawValue) \(chain.connection?.description ?? "\\N") \(position.sequence) \(position.digest)\n"
        }
        return Array(text.utf8)
    }

    func verdict(_ verifier: RowVerifier) throws(CryptographyError) -> RowVerifier.Verdict {
        guard let signature = RowSignature("v1.\(keyID).\(signature)") else { return .invalid }
        return try verifier.verdict(signature, of: message)
    }

    package static func == (left: AuditCheckpoint, right: AuditCheckpoint) -> Bool {
        left.message == right.message && left.signature == right.signature && left.keyID == right.keyID
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(signature) }
}

// MARK: As a line of JSON

extension AuditCheckpoint {
    /// The checkpoint as one line of JSON, without a line break.
    package func line() throws -> String {
        let chains = positions.map { chain, position in
            JSONValue.object([
                "table": .string(chain.table.rawValue), "connection_id": .optional(chain.connection?.description),
                "sequence": .integer(position.sequence), "digest": .string(position.digest),
            ])
        }
        return try JSONValue.object([
            "created_at": .time(createdAt), "complete": .bool(isComplete), "chains": .array(chains),
            "key_id": .string(keyID),
            "signature": .string(signature),
        ]).text(indented: false)
    }

    /// Reads a line; `nil` for one that is no checkpoint.
    package init?(line: String) {
        guard case .object(let object) = JSONValue.parsed(line),
            case .string(let time)? = object["created_at"], let createdAt = Timestamp(iso8601: time),
            case .bool(let isComplete)? = object["complete"], case .array(let chains)? = object["chains"],
            case .string(let keyID)? = object["key_id"], case .string(let signature)? = object["signature"]
        else { return nil }
        var positions: [(chain: AuditChain, position: AuditPosition)] = []
        for chain in chains {
            guard case .object(let fields) = chain, case .string(let name)? = fields["table"],
                let table = AuditTable(rawValue: name), case .integer(let sequence)? = fields["sequence"],
                case .string(let digest)? = fields["digest"], sequence >= 0
            else { return nil }
            var connection: ConnectionID?
            switch fields["connection_id"] {
            case .null?: break
            case .string(let text)?:
                guard let id = ConnectionID(text) else { return nil }
                connection = id
            default: return nil
            }
            positions.append((AuditChain(table, connection), AuditPosition(sequence: sequence, digest: digest)))
        }
        self.createdAt = createdAt
        self.isComplete = isComplete
        self.positions = positions
        self.keyID = keyID
        self.signature = signature
    }
}
