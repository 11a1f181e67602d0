import BridgeCore
import Search

/// Prints what a search found.
struct SearchPrinter {
    let console: Console
    let output: OutputOptions
    /// From so many columns on there is room for the entity beside the sentence.
    private static let roomForEntity = 130

    /// Prints the results to standard output, and what is to be known about them to standard error.
    ///
    /// `remark` is said after them.
    func show(_ answer: SearchAnswer, remark: String? = nil) throws {
        let table = Self.table(answer.results, columns: console.terminal.columns)
        let period = Self.period(answer)
        try console.show(
            answer.results.map(\.jsonValue), table: table,
            empty: period.isEmpty ? "Nothing was found." : "Nothing was found\(period)", as: output)
        let isTerminal = console.terminal.columns != nil
        for line in Self.remarks(answer, remark, isTerminal: isTerminal) { console.note(line) }
    }

    /// One line for each result.
    static func table(_ results: [SearchResult], columns limit: Int?) -> TextTable {
        let showsConnection = Set(results.map(\.connection)).count > 1
        let showsEntity = (limit ?? .max) >= roomForEntity
        let showsID = limit == nil
        var columns: [TextTable.Column] = [.init("WHEN")]
        if showsConnection { columns.append(.init("CONNECTION")) }
        columns.append(.init("AREA"))
        if showsEntity { columns.append(.init("ENTITY", isFlexible: true)) }
        columns += [.init("WHAT", isFlexible: true), .init("TIMES", .right), .init("SCORE", .right)]
        // Ids are for programs and for the next command; they would take half of a terminal.
        if showsID { columns.append(.init("EVENT")) }
        let rows = results.map { result in
            var cells = [HouseTime.minute(result.timestamp, secondsFromUTC: result.secondsFromUTC)]
            if showsConnection { cells.append(result.connectionName ?? "-") }
            cells.append(result.area ?? "-")
            if showsEntity { cells.append(result.entityID ?? "-") }
            cells += [what(result), "\(result.occurrences)", score(result.score)]
            if showsID { cells.append(result.eventID.description) }
            return cells
        }
        return TextTable(columns, rows: rows)
    }

    /// The sentence without what stands in other columns: its article, its area and its full stop.
    static func what(_ result: SearchResult) -> String {
        var text = result.text
        if text.hasPrefix("The ") { text.removeFirst(4) }
        if text.hasSuffix(".") { text.removeLast() }
        if let area = result.area {
            // The last quote ends the name, which may hold the words of an area itself.
            let start = text.lastIndex(of: "\"") ?? text.startIndex
            if let place = text[start...].firstRange(of: " in \(area) ") {
                text.replaceSubrange(place, with: " ")
            }
        }
        return text
    }

    /// What a person should know about the answer.
    static func remarks(_ answer: SearchAnswer, _ remark: String? = nil, isTerminal: Bool) -> [String] {
        var lines: [String] = []
        if answer.periodIsFromQuestion, !answer.results.isEmpty { lines.append("Searched\(period(answer))") }
        if let isWeekend = answer.isWeekend {
            lines.append("Searched \(isWeekend ? "Saturdays and Sundays" : "Mondays to Fridays") only.")
        }
        if answer.pendingEvents > 0 {
            let isOne = answer.pendingEvents == 1
            let what = isOne ? "event waits for its vector and was" : "events wait for their vectors and were"
            lines.append("\(answer.pendingEvents) \(what) not searched; ha-bridge run makes them.")
        }
        if let remark { lines.append(remark) }
        if isTerminal, let first = answer.results.first {
            lines.append("More like the first: ha-bridge similar \(first.eventID)")
        }
        return lines
    }

    private static func period(_ answer: SearchAnswer) -> String {
        let since = answer.since.map { HouseTime.minute($0, secondsFromUTC: answer.sinceSecondsFromUTC) }
        let until = answer.until.map { HouseTime.minute($0, secondsFromUTC: answer.untilSecondsFromUTC) }
        return switch (since, until) {
        case (nil, nil): ""
        case (let since?, nil): " from \(since) on."
        case (nil, let until?): " before \(until)."
        case (let since?, let until?): " from \(since) to \(until)."
        }
    }

    /// Two digits after the point.
    static func score(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = abs(hundredths) % 100
        return "\(hundredths < 0 ? "-" : "")\(abs(hundredths) / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
