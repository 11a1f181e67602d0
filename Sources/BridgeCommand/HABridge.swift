import ArgumentParser

/// The root of every subcommand of `ha-bridge`.
@main
struct HABridge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ha-bridge",
        abstract: "Keeps what happens in your Home Assistant in PostgreSQL, and loses nothing without telling you.",
        version: "0.1.0"
    )
}
