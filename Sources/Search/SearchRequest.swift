import BridgeCore

/// What to look for in words, and where.
package struct SearchRequest: Sendable, Equatable {
    /// The question, as a person typed it.
    package var text: String
    package var scope: SearchScope

    package init(text: String, scope: SearchScope = SearchScope()) {
        self.text = text
        self.scope = scope
    }
}

/// Which events may be found, and how many results are wanted.
package struct SearchScope: Sendable, Equatable {
    /// Only events of this connection.
    package var connection: ConnectionID?
    /// Only entities that match, as in `EventFilter`: `*` stands for any characters, `?` for one.
    package var entity: String?
    /// The first moment of Home Assistant's time to include. Wins over a period that the question names.
    package var since: Timestamp?
    /// The first moment not to include any more. Wins over a period that the question names.
    package var until: Timestamp?
    /// Results at most.
    package var limit: Int
    /// Whether each event is a result of its own; else equal happenings of an entity are one.
    package var listsEachEvent: Bool
    /// For events like one: leaves out those of the same entity.
    package var leavesOutSameEntity: Bool

    package init(
        connection: ConnectionID? = nil, entity: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        limit: Int = 10, listsEachEvent: Bool = false, leavesOutSameEntity: Bool = false
    ) {
        self.connection = connection
        self.entity = entity
        self.since = since
        self.until = until
        self.limit = limit
        self.listsEachEvent = listsEachEvent
        self.leavesOutSameEntity = leavesOutSameEntity
    }
}
