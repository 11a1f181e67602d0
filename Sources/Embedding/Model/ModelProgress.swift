/// How far an installation has come.
package struct ModelProgress: Equatable, Sendable {
    /// What is being done, in this order; those that a source does not need are left out.
    package enum Stage: String, CaseIterable, Sendable {
        case fetching = "Fetching the model"
        case unpacking = "Unpacking"
        case checking = "Checking"
        case converting = "Converting"
        case writing = "Writing"
    }

    package var stage: Stage
    /// Of this stage, from 0 to 1.
    package var fraction: Double
}
