/// Something that is wrong with the audit trail.
package struct AuditFinding: Sendable, Hashable {
    /// What happened.
    package enum Kind: String, Sendable, CaseIterable {
        /// A row, or what it holds of the chain, is not as it was signed.
        case edited
        /// Rows are missing between others.
        case deleted
        /// Rows stand in other places than those they were signed for.
        case reordered
        /// Rows are missing at the end.
        case truncated
        /// A row stands where another belongs.
        case inserted
        /// A row follows another than the one that is there, and both are signed: the chain was continued from an older state.
        case forked
        /// A key that the keyring does not know has signed.
        case foreign
        /// A row has no signature, though the chain was signed by then.
        case unsigned
        /// There are signed rows, and no head that tells where they end.
        case headMissing = "head_missing"
        /// The head is not as it was signed.
        case headEdited = "head_edited"
        /// There are rows after the end that the head tells.
        case headBehind = "head_behind"
        /// An anchor is not as it was signed, or does not fit its neighbours.
        case anchorEdited = "anchor_edited"
        /// A checkpoint is not as it was signed.
        case checkpointEdited = "checkpoint_edited"
        /// The chain is whole, and another one than a checkpoint saw: whoever changed it had the key.
        case rewritten
    }

    package let kind: Kind
    /// `nil` for what is about no single chain.
    package let chain: AuditChain?
    /// The number of the first row that it is about.
    package let sequence: Int64?
    /// The id of that row, where there is one.
    package let rowID: String?
    /// A sentence for a person.
    package let message: String

    init(_ kind: Kind, _ chain: AuditChain?, sequence: Int64? = nil, rowID: String? = nil, _ message: String) {
        self.kind = kind
        self.chain = chain
        self.sequence = sequence
        self.rowID = rowID
        self.message = message
    }
}

/// What verification found in one chain.
package struct AuditChainReport: Sendable, Hashable {
    package let chain: AuditChain
    /// How many signed rows are stored.
    package var signedRows: Int64 = 0
    /// How many rows without a signature are stored, which is no fault where they are from before the chain began.
    package var unsignedRows: Int64 = 0
    /// How many rows were taken out, leaving signed anchors.
    package var removedRows: Int64 = 0
    /// The last number that is proven.
    package var verifiedThrough: Int64 = 0
    package var findings: [AuditFinding] = []
}

/// What verification found.
package struct AuditReport: Sendable {
    package var chains: [AuditChainReport] = []
    /// What is about no single chain.
    package var otherFindings: [AuditFinding] = []
    /// How many checkpoints were held against the chains.
    package var checkpoints = 0

    /// All findings, those of each chain in its order.
    package var findings: [AuditFinding] { chains.flatMap(\.findings) + otherFindings }
    /// True where nothing is wrong.
    package var isSound: Bool { findings.isEmpty }
}
