import Foundation

/// One figure, and what it has to be.
struct BenchResult: Sendable {
    /// What a figure is held against.
    enum Bar: Sendable {
        case atLeast(Double)
        case atMost(Double)
        case below(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .atLeast(let bar): value >= bar
            case .atMost(let bar): value <= bar
            case .below(let bar): value < bar
            }
        }

        var text: String {
            switch self {
            case .atLeast(let bar): "at least \(Self.text(bar))"
            case .atMost(let bar): "at most \(Self.text(bar))"
            case .below(let bar): "under \(Self.text(bar))"
            }
        }

        private static func text(_ bar: Double) -> String {
            bar == bar.rounded() ? String(Int(bar)) : String(bar)
        }
    }

    let name: String
    let title: String
    let value: Double
    var digits = 2
    var bar: Bar?

    var text: String { String(format: "%.\(digits)f", value) }

    /// `nil` where nothing is demanded.
    var isMet: Bool? { bar.map { $0.isMet(by: value) } }

    /// The figures as people read them.
    static func table(_ results: [BenchResult]) -> String {
        let rows = results.map { result in
            let verdict = result.isMet.map { $0 ? "yes" : "**no**" } ?? ""
            return "| \(result.title) | \(result.text) | \(result.bar?.text ?? "") | \(verdict) |"
        }
        return (["| measured | value | bar | met |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    /// The same for programs: `{"name": {"value": 0.9, "met": true}}`.
    static func json(_ results: [BenchResult]) throws -> String {
        let object = Dictionary(
            results.map { result in
                var members: [String: Any] = ["value": result.value]
                if let isMet = result.isMet { members["met"] = isMet }
                return (result.name, members)
            }, uniquingKeysWith: { $1 })
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }
}
