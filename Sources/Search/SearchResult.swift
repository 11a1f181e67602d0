import BridgeCore

/// One thing that happened, once or several times.
package struct SearchResult: Sendable, Equatable {
    /// The event, the newest one where it happened several times.
    package var eventID: EventID
    package var connection: ConnectionID
    /// The connection's name; `nil` where its row is gone.
    package var connectionName: String?
    /// When it happened by Home Assistant's clock.
    package var timestamp: Timestamp
    /// Seconds that the clock of the house was ahead of UTC then.
    package var secondsFromUTC: Int
    package var eventType: String
    package var entityID: String?
    package var area: String?
    /// What happened, as a sentence in English.
    package var text: String
    package var oldState: String?
    package var newState: String?
    /// The cosine of question and event, up to 1. Only its order means something: it does not tell whether an event answers the
    /// question.
    package var score: Double
    /// How often it happened in the time that was asked for; 1 where each event is a result of its own.
    package var occurrences: Int
    /// The newest of the other times, newest first. Not all of them where it happened often.
    package var otherTimes: [Timestamp]

    package init(
        eventID: EventID, connection: ConnectionID, connectionName: String? = nil, timestamp: Timestamp,
        secondsFromUTC: Int = 0, eventType: String = "state_changed", entityID: String? = nil, area: String? = nil,
        text: String, oldState: String? = nil, newState: String? = nil, score: Double, occurrences: Int = 1,
        otherTimes: [Timestamp] = []
    ) {
        self.eventID = eventID
        self.connection = connection
        self.connectionName = connectionName
        self.timestamp = timestamp
        self.secondsFromUTC = secondsFromUTC
        self.eventType = eventType
        self.entityID = entityID
        self.area = area
        self.text = text
        self.oldState = oldState
        self.newState = newState
        self.score = score
        self.occurrences = occurrences
        self.otherTimes = otherTimes
    }
}

/// What a search found, and how far it could look.
package struct SearchAnswer: Sendable, Equatable {
    /// Best first; of equal score the newer one first.
    package var results: [SearchResult]
    /// The period that was searched: that of the request, else that which the question names. Open ends are `nil`.
    package var since: Timestamp?
    package var until: Timestamp?
    /// Seconds that the clock of the house is ahead of UTC at `since` and at `until`.
    package var sinceSecondsFromUTC: Int
    package var untilSecondsFromUTC: Int
    /// `true` where the question asked for Saturdays and Sundays alone, `false` for the other days alone.
    package var isWeekend: Bool?
    /// Whether the question itself named the period.
    package var periodIsFromQuestion: Bool
    /// Events that have no vector yet and so were not looked at.
    package var pendingEvents: Int

    package init(
        results: [SearchResult], since: Timestamp? = nil, until: Timestamp? = nil, sinceSecondsFromUTC: Int = 0,
        untilSecondsFromUTC: Int = 0, isWeekend: Bool? = nil, periodIsFromQuestion: Bool = false, pendingEvents: Int = 0
    ) {
        self.results = results
        self.since = since
        self.until = until
        self.sinceSecondsFromUTC = sinceSecondsFromUTC
        self.untilSecondsFromUTC = untilSecondsFromUTC
        self.isWeekend = isWeekend
        self.periodIsFromQuestion = periodIsFromQuestion
        self.pendingEvents = pendingEvents
    }
}
