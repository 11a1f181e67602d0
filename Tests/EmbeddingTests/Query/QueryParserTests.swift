import BridgeCore
import Testing

@testable import Embedding

/// All in Berlin; the question is asked on Wednesday, 29 October 2025, at 15:30. On the 26th the clocks went back.
@Suite struct QueryParserTests {
    private func parse(_ text: String) throws -> SearchQuery {
        let now = try #require(Timestamp(iso8601: "2025-10-29T15:30:00+01:00"))
        return QueryParser(clock: ZoneRules(named: "Europe/Berlin"), now: now).parse(text)
    }

    private static let periods: [(String, String, String)] = [
        ("today", "2025-10-29T00:00:00+01:00", "2025-10-30T00:00:00+01:00"),
        ("yesterday", "2025-10-28T00:00:00+01:00", "2025-10-29T00:00:00+01:00"),
        ("the day before yesterday", "2025-10-27T00:00:00+01:00", "2025-10-28T00:00:00+01:00"),
        ("last night", "2025-10-28T20:00:00+01:00", "2025-10-29T06:00:00+01:00"),
        ("this morning", "2025-10-29T00:00:00+01:00", "2025-10-29T12:00:00+01:00"),
        ("yesterday evening", "2025-10-28T17:00:00+01:00", "2025-10-29T00:00:00+01:00"),
        ("yesterday at 3 pm", "2025-10-28T14:00:00+01:00", "2025-10-28T16:00:00+01:00"),
        ("on Sunday", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("on Wednesday", "2025-10-29T00:00:00+01:00", "2025-10-30T00:00:00+01:00"),
        ("last Wednesday", "2025-10-22T00:00:00+02:00", "2025-10-23T00:00:00+02:00"),
        ("Monday night", "2025-10-27T20:00:00+01:00", "2025-10-28T06:00:00+01:00"),
        ("last week", "2025-10-20T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("this week", "2025-10-27T00:00:00+01:00", "2025-11-03T00:00:00+01:00"),
        ("last weekend", "2025-10-25T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("last month", "2025-09-01T00:00:00+02:00", "2025-10-01T00:00:00+02:00"),
        ("in October", "2025-10-01T00:00:00+02:00", "2025-11-01T00:00:00+01:00"),
        ("in November", "2024-11-01T00:00:00+01:00", "2024-12-01T00:00:00+01:00"),
        ("in March 2024", "2024-03-01T00:00:00+01:00", "2024-04-01T00:00:00+02:00"),
        ("last year", "2024-01-01T00:00:00+01:00", "2025-01-01T00:00:00+01:00"),
        ("on 26 October", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("on the 26th of October", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("on October 26", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("on 24 December", "2024-12-24T00:00:00+01:00", "2024-12-25T00:00:00+01:00"),
        ("on 29 February", "2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00"),
        ("on 2025-10-05", "2025-10-05T00:00:00+02:00", "2025-10-06T00:00:00+02:00"),
        ("am 05.10.2025", "2025-10-05T00:00:00+02:00", "2025-10-06T00:00:00+02:00"),
        ("in the last 3 hours", "2025-10-29T12:30:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("in the last hour", "2025-10-29T14:30:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("over the past two days", "2025-10-27T15:30:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("within the past week", "2025-10-22T15:30:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("two hours ago", "2025-10-29T13:00:00+01:00", "2025-10-29T14:00:00+01:00"),
        ("three days ago", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"),
        ("since Monday", "2025-10-27T00:00:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("after 26 October", "2025-10-27T00:00:00+01:00", "2025-10-29T15:30:00+01:00"),
        ("before yesterday", "1970-01-01T00:00:00+00:00", "2025-10-28T00:00:00+01:00"),
        ("from Monday to Tuesday", "2025-10-27T00:00:00+01:00", "2025-10-29T00:00:00+01:00"),
        ("between 20 October and 22 October", "2025-10-20T00:00:00+02:00", "2025-10-23T00:00:00+02:00"),
        ("gestern", "2025-10-28T00:00:00+01:00", "2025-10-29T00:00:00+01:00"),
        ("letzte Nacht", "2025-10-28T20:00:00+01:00", "2025-10-29T06:00:00+01:00"),
        ("hier soir", "2025-10-28T17:00:00+01:00", "2025-10-29T00:00:00+01:00"),
    ]

    @Test(arguments: periods)
    func resolvesAPeriodAndTakesItOutOfTheSentence(phrase: String, start: String, end: String) throws {
        let query = try parse("garage gate opened \(phrase)")
        let expected = try #require(Timestamp(iso8601: start))..<#require(Timestamp(iso8601: end))
        let found = query.period.map { "\($0.lowerBound.iso8601) to \($0.upperBound.iso8601)" } ?? "none"
        #expect(query.period == expected, "\(found)")
        #expect(query.sentence.hasPrefix("garage gate opened"))
        let named = Words.split(phrase).filter { ["yesterday", "monday", "october", "week", "ago"].contains($0) }
        #expect(Set(Words.split(query.sentence)).isDisjoint(with: named), "\(query.sentence)")
        #expect(query.text == "garage gate opened \(phrase)")
    }

    @Test(arguments: [
        ("light on at night", 22.0, 7.0), ("in the morning", 6, 6), ("at 3 am", 2, 2), ("at 15:30", 14.5, 2),
        ("after midnight", 0, 5), ("around noon", 11, 3), ("after 10 pm", 22, 4), ("before 7 am", 4, 3),
        ("between 2 and 4 am", 2, 2), ("between 2 and 4 pm", 14, 2), ("at 7 o'clock", 6, 2), ("late at night", 22, 4),
        ("at 12 am", 23, 2), ("in the evening", 17, 5), ("abends", 17, 5), ("last night", 22, 7),
    ])
    func weighsTheTimeOfDay(phrase: String, start: Double, length: Double) throws {
        let hours = try #require(try parse("door opened \(phrase)").hours)
        #expect(hours.start == start && hours.length == length, "\(hours)")
    }

    @Test(arguments: [
        "front door opened", "Morning News is playing", "scene good morning activated", "temperature is 21.5 degrees",
        "3 lights on", "march of the penguins", "may I see the lights", "brightness 80 percent", "sunset", "10.5 kWh",
        "version 2025.10.4 installed", "ran out in 5 minutes",
    ])
    func readsNoTimeIntoOtherWords(text: String) throws {
        let query = try parse(text)
        #expect(query.hours == nil && query.isWeekend == nil && query.period == nil, "\(query)")
        #expect(query.sentence.hasPrefix(text))
    }

    @Test(arguments: [
        ("heating at the weekend", true as Bool?), ("on weekends", true), ("on weekdays", false), ("heating", nil),
    ])
    func weighsTheKindOfDay(text: String, isWeekend: Bool?) throws {
        #expect(try parse(text).isWeekend == isWeekend)
    }

    @Test(arguments: [
        ("light turned off", Polarity.rest), ("window closed", .rest), ("washing machine finished", .rest),
        ("door left open", .rest), ("alarm disarmed", .rest), ("light turned on", .active), ("window opened", .active),
        ("someone moved", .active), ("Licht aus", .rest), ("", .active),
    ])
    func tellsBeginningFromEnd(text: String, polarity: Polarity) throws {
        #expect(try parse(text).polarity == polarity)
    }

    @Test func translatesAForeignQuestionForTheEncoder() throws {
        let query = try parse("Wasserhahn im Keller tropft")
        #expect(query.text == "Wasserhahn im Keller tropft")
        #expect(query.sentence == "Wasserhahn im Keller tropft (tap basement cellar dripping)")
    }

    @Test(arguments: [
        "", "   ", "\0\0", "\u{FEFF}", "last", "in the last", "99999999999999999999 days ago", "last 999999 years",
        "9223372036854775807 hours ago", "on 31 February", "2025-13-45", "0000-00-00", "on 0 October", "25:61",
        "at 99 am", "since since since yesterday", "yesterday yesterday", "before last year until today",
    ])
    func survivesAnything(text: String) throws {
        let query = try parse(text)
        if let period = query.period { #expect(period.lowerBound <= period.upperBound) }
    }
}
