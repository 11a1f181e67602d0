import BridgeConcurrency
import BridgeCore
import Foundation
import TestSupport

/// A house under load: a fake Home Assistant with the limits of a real one, its ledger, and what happens in it.
final class House: Sendable {
    static let token = "fault-token"

    let name: String
    let ledger: EventLedger
    let fake: FakeHomeAssistant
    let history: FakeHistory
    private let dice: LockedBox<SeededGenerator>
    /// Threads of its own, because a test that blocks must not keep the house from living.
    private let isOver = LockedBox(false)
    private let load = LockedBox<LockedBox<Bool>?>(nil)
    /// Whether the history keeps its states.
    let isRecording = LockedBox(true)

    init(
        _ name: String = "home", seed: UInt64 = 1, timeScale: Int = 1, change: (inout FakeBehaviour) -> Void = { _ in }
    ) throws {
        self.name = name
        ledger = EventLedger()
        dice = LockedBox(SeededGenerator(seed: seed))
        var behaviour = FakeBehaviour()
        behaviour.validTokens = [Self.token]
        behaviour.queue = .homeAssistant
        behaviour.recordsReceived = false
        let history = FakeHistory()
        history.isCommitting = false
        behaviour.onCommand = { history.reply(to: $0) }
        change(&behaviour)
        self.history = history
        ledger.onRecordedState {
            if let state = $0.state {
                history.set($0.entity, state, attributes: $0.attributes, at: $0.time)
            } else {
                history.remove($0.entity, at: $0.time)
            }
        }
        fake = try FakeHomeAssistant(behaviour, ledger: ledger)
        // The recorder commits every five seconds.
        let pause = 5 / Double(timeScale)
        let isOver = isOver
        let recorder = Thread {
            while !isOver.withLock({ $0 }) {
                Thread.sleep(forTimeInterval: pause)
                history.isCommitting = true
                history.isCommitting = false
            }
        }
        recorder.start()
        populate()
    }

    func stop() {
        calm()
        isOver.withLock { $0 = true }
        fake.stop()
    }

    // MARK: What happens

    /// Lets `count` things happen at one moment: states of some entities, removals, and other events.
    @discardableResult
    func happen(_ count: Int) -> Int {
        let keeps = isRecording.withLock { $0 }
        return fake.fire { ledger in
            dice.withLock { dice in (0..<count).map { _ in Self.one(ledger, &dice, isRecorded: keeps) } }
        }
    }

    /// Lets an event of type `probe` happen, and returns its number.
    func probe() -> Int {
        let number = LockedBox(0)
        fake.fire { ledger in
            let probe = ledger.event("probe")
            number.withLock { $0 = probe.number }
            return [probe]
        }
        return number.withLock { $0 }
    }

    /// What the state of a sensor begins with that spoke by `speak`.
    static let spoken = "spoken "

    /// Lets a sensor say something, as one always does: a state in the history that is later than a gap tells that the gap is in
    /// it, too.
    func speak() {
        let keeps = isRecording.withLock { $0 }
        fake.fire { ledger in [ledger.change("sensor.s0", to: Self.spoken + "\(ledger.count)", isRecorded: keeps)] }
    }

    /// Every entity has a state before anybody looks: one that comes and goes while nobody does leaves no trace.
    private func populate() {
        fake.fire { ledger in (0..<Self.entities).map { ledger.change("sensor.s\($0)", to: "0") } }
    }

    static let entities = 30

    private static func one(_ ledger: EventLedger, _ dice: inout SeededGenerator, isRecorded: Bool) -> EventLedger.Fired
    {
        let entity = "sensor.s\(dice.next() % UInt64(entities))"
        switch dice.next() % 100 {
        case 0..<55:
            let value = dice.next() % 1_000
            return ledger.change(
                entity, to: "\(value)",
                attributes: #"{"unit_of_measurement":"°C","nested":{"a":[\#(value),null,"ü"]}}"#,
                isRecorded: isRecorded)
        case 55..<57: return ledger.remove(entity)
        case 57..<60:
            return ledger.event("call_service", more: #","domain":"light","service_data":{"entity_id":["light.a"]}"#)
        default: return ledger.event()
        }
    }

    /// Lets about `rate` things happen each second, until `calm`.
    func startLoad(rate: Int = 300) {
        calm()
        let isOver = LockedBox(false)
        let thread = Thread { [weak self] in
            let start = ContinuousClock.now
            var done = 0
            while done < 5_000_000 {
                Thread.sleep(forTimeInterval: 0.01)
                // Within the lock: nothing happens any more once `calm` has returned.
                let isCalm = isOver.withLock { isOver in
                    if isOver { return true }
                    let due = Int((ContinuousClock.now - start) / .milliseconds(1)) * rate / 1_000
                    // A machine that was busy elsewhere must not make a burst of it.
                    if due > done { self?.happen(min(due - done, 500)) }
                    done = max(done, due)
                    return false
                }
                if isCalm { return }
            }
        }
        thread.start()
        load.withLock { $0 = isOver }
    }

    /// Ends the load.
    func calm() { load.withLock { $0.take() }?.withLock { $0 = true } }

    /// As when Home Assistant is restarted: says goodbye to everyone, is away for `away`, and starts slowly.
    func restart(away: Duration, starting: Duration) async throws {
        fake.closeAll()
        try await Task.sleep(for: .milliseconds(50))
        fake.stop()
        try await Task.sleep(for: away)
        fake.update { $0.state = "NOT_RUNNING" }
        try fake.restart()
        try await Task.sleep(for: starting)
        fake.update { $0.state = "RUNNING" }
    }

    /// Waits until a bridge listens.
    func isSubscribed(_ limit: Duration = .seconds(20)) async -> Bool {
        await fake.wait(limit) { $0.subscriptionCount >= 1 }
    }
}
