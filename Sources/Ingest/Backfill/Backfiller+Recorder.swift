import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HomeAssistantClient

/// What is known of Home Assistant's recorder, which writes in the order of events and commits late.
struct RecorderWatch: Sendable {
    /// The end of what has to be committed.
    let end: Timestamp
    /// Whether everything before `end` is in the history.
    private(set) var hasCommitted = false
    /// Whether it records at all.
    private(set) var isRecording = true
    private var idleSince: ContinuousClock.Instant?

    init(end: Timestamp) { self.end = end }

    /// Takes in what `recorder/info` said.
    mutating func note(isRecording: Bool, backlog: Int, _ pacing: BackfillPacing) {
        self.isRecording = isRecording
        if backlog > pacing.idleBacklog {
            idleSince = nil
        } else if let idleSince {
            if ContinuousClock.now - idleSince >= pacing.settling { hasCommitted = true }
        } else {
            idleSince = .now
        }
    }

    /// Takes in that the history has a state from after `end`.
    mutating func noteLaterState() { hasCommitted = true }
}

extension Backfiller {
    private struct RecorderInfo: Decodable {
        var backlog: Int?
        var recording: Bool?
    }

    /// Finds out whether the recorder has committed what has to be. A backlog of nothing does not say so: what is written is in no
    /// answer until it is committed. A later state in the history does; a house in which nothing happens is given some time.
    func look(at watch: inout RecorderWatch, _ entities: [String]) async throws {
        let info = try await recorderInfo()
        watch.note(isRecording: info?.recording ?? true, backlog: info?.backlog ?? 0, pacing)
        if !watch.hasCommitted, try await hasState(of: entities, after: watch.end) {
            watch.noteLaterState()
        }
    }

    /// What the recorder says of itself; `nil` where Home Assistant does not tell.
    private func recorderInfo() async throws -> RecorderInfo? {
        do {
            let answer = try await port.ask(HistoryCommand.recorder, within: pacing.answerLimit)
            return try? JSONDecoder().decode(RecorderInfo.self, from: Data(answer.frame[answer.result]))
        } catch CommandFailure.disconnected {
            throw CommandFailure.disconnected
        } catch {
            return nil
        }
    }

    /// Whether the history has a state of any of `entities` from after `end`; asked stretch after stretch, so that an answer stays
    /// small however long ago the end is. All of them, because a recorder may have been told to keep few.
    private func hasState(of entities: [String], after end: Timestamp) async throws -> Bool {
        // A question reaches a millisecond further on both sides.
        var start = end.adding(.milliseconds(2))
        let plan = HistoryPlan()
        var span = plan.firstSpan
        let now = Timestamp.now
        while start < now {
            let stretch = start..<min(start.adding(.microseconds(span)), now)
            for first in stride(from: 0, to: entities.count, by: Self.sample) {
                let began = ContinuousClock.now
                let group = entities[first..<min(first + Self.sample, entities.count)]
                do {
                    if Self.hasState(try await ask(HistoryCommand.anything(of: group, in: stretch))) { return true }
                } catch CommandFailure.refused {
                    // One entity of the group is the cause; the others will do.
                }
                try await rest(since: began)
            }
            start = stretch.upperBound
            span = plan.span(after: span, bytes: 0)
        }
        return false
    }

    /// Leaves Home Assistant as much time as the answer took.
    func rest(since began: ContinuousClock.Instant) async throws {
        let pause = max(pacing.betweenAnswers, ContinuousClock.now - began)
        try await Task.sleep(for: min(pause, pacing.longestPause))
    }
}
