import BridgeCore

/// One thing that the doctor looked at, how it is, and what to do about it.
struct Finding: Sendable, Equatable {
    enum Grade: String, Sendable, CaseIterable {
        /// As it should be.
        case well
        /// It works, and somebody should look at it.
        case mind
        /// It does not work, or loses what it should keep.
        case wrong
    }

    /// What was looked at: `PostgreSQL`, `Disk`, `House “home”`.
    let subject: String
    let grade: Grade
    /// What was found, in a sentence.
    let what: String
    /// What to do; `nil` where nothing is to be done.
    let advice: String?

    static func well(_ subject: String, _ what: String) -> Finding {
        Finding(subject: subject, grade: .well, what: what, advice: nil)
    }

    static func mind(_ subject: String, _ what: String, _ advice: String) -> Finding {
        Finding(subject: subject, grade: .mind, what: what, advice: advice)
    }

    static func wrong(_ subject: String, _ what: String, _ advice: String) -> Finding {
        Finding(subject: subject, grade: .wrong, what: what, advice: advice)
    }

    var jsonValue: JSONValue {
        .object([
            "subject": .string(subject), "grade": .string(grade.rawValue), "what": .string(what),
            "advice": .optional(advice),
        ])
    }
}
