/// Everything that is wrong with the configuration, found in one go.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence each, without secrets, in the order of the settings.
    let problems: [String]

    var description: String { problems.joined(separator: "\n") }
}
