import BridgeCore
import PostgresClient

/// Why a decision on a proposal, or an emergency stop, was refused; nothing was changed.
package struct ApprovalRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of refusal this is; a closed set.
    package enum Code: String, Sendable, CaseIterable {
        /// No such proposal, or no such stop.
        case notFound = "not_found"
        /// The beginning of an id fits several.
        case ambiguous
        /// What was given cannot be: an id, a reason, a digest.
        case invalid
        /// It was decided already, or is being carried out.
        case decided
        /// Its time is over.
        case expired
        /// The proposal is not the one that was shown, or its row was changed in the database.
        case otherProposal = "other_proposal"
        /// This person may not do it.
        case notAllowed = "not_allowed"
    }

    package let code: Code
    /// What happened and what to do next, in sentences for a person.
    package let message: String

    /// What a look-up by the beginning of an id refuses.
    init(_ error: StoreError) {
        let code: Code =
            switch error.code {
            case .notFound: .notFound
            case .ambiguous: .ambiguous
            default: .invalid
            }
        self.init(code, error.message)
    }

    /// Makes a refusal; `message` must be free of secrets.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// The sentence of a trigger that keeps the rules of approval (HB003), in words that need no id; other errors as they are.
    static func explained(_ error: PostgresError, workflow: WorkflowID) -> any Error {
        guard error.sqlState == "HB003" else { return error }
        let sentence = error.message.replacing("Workflow \(workflow)", with: "The proposal")
            .replacing("workflow \(workflow)", with: "this proposal")
        return ApprovalRefusal(.notAllowed, error.hint.map { "\(sentence) \($0)" } ?? sentence)
    }
}
