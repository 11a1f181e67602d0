import BridgeCore
import ArgumentParser

/// How a command prints its data.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON for other programs.")
    var json = false
}

extension Console {
    /// Prints `rows` as JSON, or `table` aligned for a person, or `empty` as a message when there is nothing to show.
    func show(_ rows: [JSONValue], table: TextTable, empty: String, as output: OutputOptions) throws {
        if output.json {
            try show(.array(rows))
        } else if table.rows.isEmpty {
            note(empty)
        } else {
            for line in table.lines(terminal: terminal) { try print(line) }
        }
    }

    /// Prints one value as JSON, indented where a person reads it.
    func show(_ value: JSONValue) throws { try print(try value.text(indented: terminal.columns != nil)) }

    /// Prints facts about one thing, aligned.
    func show(facts: [(String, String)]) throws {
        let width = facts.map { DisplayWidth.of($0.0) }.max() ?? 0
        for (name, value) in facts {
            let padding = String(repeating: " ", count: width - DisplayWidth.of(name))
            try print("\(name)\(padding)  \(PrintableText.of(value))")
        }
    }
}
