import BridgeCore

extension PastRun {
    /// Up to sixty runs of the last forty days, of any kind, no two at the same moment.
    static func random(_ generator: inout some RandomNumberGenerator) -> [PastRun] {
        let badness = Double.random(in: 0...1, using: &generator)
        let count = Int.random(in: 0...60, using: &generator)
        let spans: [Int] = [3_600, 86_400, 40 * 86_400]
        let span = spans.randomElement(using: &generator) ?? 3_600
        var ages: Set<Int> = []
        while ages.count < count { ages.insert(Int.random(in: 0...span * 1_000, using: &generator)) }
        return ages.sorted().map { age in
            var run = PastRun(age: Double(age) / 1_000)
            if Double.random(in: 0...1, using: &generator) < badness {
                run.status = ExecutionStatus.allCases.randomElement(using: &generator) ?? .failure
            }
            run.duration = run.status == .running ? nil : Int.random(in: 0...5_000, using: &generator)
            run.isChecked = run.status == .success && Bool.random(using: &generator)
            run.isUndone = run.isChecked && Int.random(in: 0..<5, using: &generator) == 0
            return run
        }
    }
}
