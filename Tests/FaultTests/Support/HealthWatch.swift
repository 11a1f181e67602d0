import BridgeConcurrency
import Foundation

/// Asks a bridge how it is, again and again, while a fault lasts.
final class HealthWatch: Sendable {
    struct Answers: Sendable {
        /// Statuses of `/livez`; zero when nobody answered.
        var live: Set<Int> = []
        /// Statuses of `/readyz`.
        var ready: Set<Int> = []
        /// Bodies of `/readyz` that were not 200.
        var reasons: Set<String> = []
        /// Bodies of `/livez` that were not 200.
        var deaths: Set<String> = []
        /// The most memory seen, in KiB.
        var peakMemory = 0
        var rounds = 0
    }

    private let answers = LockedBox(Answers())
    private let isOver = LockedBox(false)

    /// Starts to ask, on a thread of its own.
    init(_ life: BridgeLife) {
        let (answers, isOver) = (answers, isOver)
        let thread = Thread {
            while !isOver.withLock({ $0 }) {
                let live = life.page("/livez")
                let ready = life.page("/readyz")
                let memory = life.process.memory() ?? 0
                answers.withLock {
                    $0.live.insert(live.status)
                    if live.status != 200 { $0.deaths.insert(live.body) }
                    $0.ready.insert(ready.status)
                    if ready.status != 200 { $0.reasons.insert(ready.body) }
                    $0.peakMemory = max($0.peakMemory, memory)
                    $0.rounds += 1
                }
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
        thread.start()
    }

    /// What was answered so far.
    var soFar: Answers { answers.withLock { $0 } }

    /// Stops asking.
    func end() -> Answers {
        isOver.withLock { $0 = true }
        return soFar
    }
}
