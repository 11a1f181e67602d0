/// What an import reads from; the column `kind`.
package enum ImportKind: String, Sendable, CaseIterable {
    case recorder
    case ltss
}

/// What an import reads, one after the other.
package enum ImportPhase: String, Sendable, CaseIterable, Codable {
    case states
    case events
    /// Long-term statistics: hours.
    case statistics
    /// Short-term statistics: five minutes.
    case shortTermStatistics = "statistics_short_term"
}

/// How far an import has come; the column `position`.
package struct ImportPosition: Sendable, Equatable, Codable {
    package var phase: ImportPhase
    /// The last row that is stored: its id, its time in microseconds, or the series of statistics that it belongs to.
    package var number: Int64
    /// The last row within that: the entity, or the start of the bucket in microseconds.
    package var detail: String?

    /// A position behind a row.
    package init(_ phase: ImportPhase, number: Int64, detail: String? = nil) {
        self.phase = phase
        self.number = number
        self.detail = detail
    }
}
