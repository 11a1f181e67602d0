import ArgumentParser
import BridgeCore
import Store

/// `automation list`.
struct AutomationListCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all automations and how they fare.",
        discussion: """
            Automations that are gone from Home Assistant are shown with --state retired. SCORE is a dash until an \
            automation has run three times. PROBLEMS counts what an automation lacks; --json names it.
            """)

    @Option(help: ArgumentHelp("Only automations of this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            """
            Only automations in this state, and those that are gone as well: proposed, pending_approval, active, degraded, \
            paused, unavailable, retired or rejected. May be given several times.
            """, valueName: "state"),
        transform: { text in
            guard let state = LifecycleState(rawValue: text.uppercased().replacing("-", with: "_")) else {
                let known = LifecycleState.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
                throw ValidationError("There is no state “\(text)”. States are: \(known).")
            }
            return state
        })
    var state: [LifecycleState] = []

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let automations = try await context.withPool(try context.settings()) { pool in
            var id: ConnectionID?
            if let connection { id = try await ConnectionRepository(pool).find(name: connection, user: user).id }
            // What is gone is of interest to those who ask for it.
            let states = state.isEmpty ? LifecycleState.allCases.filter { $0 != .retired && $0 != .rejected } : state
            return try await AutomationRepository(pool).list(connection: id, states: states)
        }
        if output.json {
            guard context.console.terminal.columns == nil else {
                return try context.console.show(.array(automations.map(\.jsonValue)))
            }
            return try context.console.print(Self.compactJSON(automations))
        }
        try context.console.show(
            [], table: Self.table(automations, now: TimeText.now()),
            empty: state.isEmpty
                ? "There are no automations. A running bridge finds those of its connections within seconds."
                : "There are no automations in such a state.", as: output)
    }

    /// One line for each automation; the column of connections only where there are several.
    static func table(_ automations: [StoredAutomation], now: Timestamp) -> TextTable {
        let hasSeveral = Set(automations.map(\.connectionID)).count > 1
        let columns: [TextTable.Column] = [
            .init("NAME", isFlexible: true), .init("ENTITY", isFlexible: true), .init("STATE"), .init("SCORE", .right),
            .init("RUNS", .right), .init("SUCCESS", .right), .init("LAST RUN", .right), .init("MODE"),
            .init("PROBLEMS", .right),
        ]
        return TextTable(
            (hasSeveral ? [TextTable.Column("CONNECTION")] : []) + columns,
            rows: automations.map { automation in
                (hasSeveral ? [automation.connectionName] : []) + [
                    automation.name, automation.entityID ?? "-", automation.state.rawValue,
                    automation.score.map { String(Int($0.rounded())) } ?? "-", String(automation.executionCount),
                    automation.successRate.map { "\(Int($0.rounded(.down))) %" } ?? "-",
                    TimeText.ago(automation.lastExecution, now: now), automation.mode ?? "-",
                    automation.problems.isEmpty ? "-" : String(automation.problems.count),
                ]
            })
    }

    /// The automations as JSON on one line, for other programs: for thousands of them several times as fast as Foundation's coder.
    static func compactJSON(_ automations: [StoredAutomation]) -> String {
        var output: [UInt8] = [0x5B]
        output.reserveCapacity(automations.count * 1_024)
        for automation in automations {
            if output.count > 1 { output.append(0x2C) }
            output.append(0x7B)
            for (number, member) in automation.jsonMembers.enumerated() {
                if number > 0 { output.append(0x2C) }
                JSONText.appendQuoted(member.key, to: &output)
                output.append(0x3A)
                append(member.value, to: &output)
            }
            output += ",\"score_breakdown\":".utf8
            // The database's own text of a JSON value.
            output += (automation.scoreBreakdown ?? "null").utf8
            output.append(0x7D)
        }
        output.append(0x5D)
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ value: JSONValue, to output: inout [UInt8]) {
        switch value {
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let value): output += (value.isFinite ? "\(value)" : "null").utf8
        case .string(let text): JSONText.appendQuoted(text, to: &output)
        case .array(let elements):
            output.append(0x5B)
            for (number, element) in elements.enumerated() {
                if number > 0 { output.append(0x2C) }
                append(element, to: &output)
            }
            output.append(0x5D)
        // None of the members is an object.
        case .null, .object: output += "null".utf8
        }
    }
}
