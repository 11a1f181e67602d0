import BridgeCore

/// Why a search cannot be made; something that the person who asked can mend.
package struct SearchError: Error, Equatable, CustomStringConvertible {
    /// The closed set of causes.
    package enum Code: Equatable, Sendable {
        /// The question has no word.
        case emptyQuestion
        /// No event has this id.
        case unknownEvent(EventID)
        /// The event waits for its vector.
        case notEmbedded(EventID)
        /// The event says nothing in words, or it is from before the search by meaning.
        case saysNothing(EventID)

        /// Whether waiting helps.
        package var isTemporary: Bool {
            if case .notEmbedded = self { true } else { false }
        }
    }

    /// The cause.
    package let code: Code

    package init(_ code: Code) { self.code = code }

    /// What happened and what to do next.
    package var message: String {
        switch code {
        case .emptyQuestion:
            "The question says nothing. Say what happened, such as: front door opened in the evening"
        case .unknownEvent(let id):
            "There is no event \(id). ha-bridge search and ha-bridge events --json print ids of events."
        case .notEmbedded(let id):
            "Event \(id) waits for its vector, which ha-bridge run makes. Try again in a minute."
        case .saysNothing(let id):
            "Event \(id) has nothing to compare: it says nothing in words, or was stored without embeddings."
        }
    }

    package var description: String { message }
}
