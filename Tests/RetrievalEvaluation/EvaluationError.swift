/// Why an evaluation cannot go on: a sentence or two for the person who started it.
struct EvaluationError: Error, CustomStringConvertible {
    /// What happened and what to do next.
    let description: String

    init(_ description: String) { self.description = description }
}
