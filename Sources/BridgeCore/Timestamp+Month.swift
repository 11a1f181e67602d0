extension Timestamp {
    /// Whole months since January 1970 on the UTC clock: the number of the partition in which an event of this time lies.
    package var monthsSince1970: Int32 {
        let days = microseconds.quotientAndRemainderFloored(dividingBy: 86_400_000_000).quotient
        let date = CivilDate.civil(daysSinceEpoch: Int(days))
        return Int32(truncatingIfNeeded: (date.year - 1970) * 12 + date.month - 1)
    }

    /// The first moment of a month, see `monthsSince1970`.
    package init(monthsSince1970 months: Int32) {
        let (year, month) = Int64(months).quotientAndRemainderFloored(dividingBy: 12)
        let days = CivilDate.daysSinceEpoch(year: 1970 + Int(year), month: Int(month) + 1, day: 1)
        self.init(microseconds: Int64(days) * 86_400_000_000)
    }
}
