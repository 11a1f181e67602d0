import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import Store

/// Fills gaps with what Home Assistant's recorder remembers of them.
///
/// The history is read again and again, with a pause between, until a reading adds nothing: the recorder commits late. Rows of the
/// history stand behind every other source, so that it does no harm to read what is stored already. One command at most is on
/// its way, and Home Assistant has time for others between two of them.
package struct Backfiller: Sendable {
    /// Commits a batch, for as long as it takes, and says how many of its rows are new.
    typealias Sink = @Sendable (EventBatch) async throws -> WriteOutcome

    let connection: ConnectionID
    let port: CommandPort
    let gaps: GapRepository
    let sink: Sink
    let pacing: BackfillPacing
    /// `nil` where no embeddings are made.
    let embedding: EmbeddingSources?
    let onProgress: @Sendable (BackfillProgress) -> Void

    /// Repairs gaps of `connection` with what `port` answers.
    init(
        connection: ConnectionID, port: CommandPort, gaps: GapRepository, pacing: BackfillPacing = BackfillPacing(),
        embedding: EmbeddingSources? = nil, onProgress: @escaping @Sendable (BackfillProgress) -> Void = { _ in },
        sink: @escaping Sink
    ) {
        self.connection = connection
        self.port = port
        self.gaps = gaps
        self.sink = sink
        self.pacing = pacing
        self.embedding = embedding
        self.onProgress = onProgress
    }

    /// Reads the history of `gaps` until it adds nothing, closes them and returns them as closed.
    ///
    /// Throws, and leaves open what is not closed yet: `CommandFailure.disconnected`, `BackfillPostponed` when Home Assistant is
    /// not ready for it, `PostgresError`, `CancellationError`.
    package func repair(_ gaps: [EventGap]) async throws -> [EventGap] {
        let house = try await self.house()
        var repairs = GapRepair.plan(gaps, skew: house.skew)
        guard !repairs.isEmpty else { return [] }
        let known = try await self.gaps.knownEntities(connection).filter(HistoryCommand.accepts)
        let entities = Set(known).union(house.entities).sorted()
        if entities.isEmpty {
            return try await close(repairs) { _ in (.unrecoverable, "Home Assistant knows no entity.") }
        }
        do {
            try await findBeginning(for: &repairs, entities: Array(entities.prefix(500)))
        } catch CommandFailure.refused(let code, _) where Self.isFinal(code) {
            let reason =
                code == "unknown_command"
                ? "Home Assistant's history integration is not loaded."
                : "Home Assistant does not let this token read its history (\(code))."
            return try await close(repairs) { _ in (.unrecoverable, reason) }
        } catch CommandFailure.refused {
            // Nothing is known of the beginning, then; what can be read tells the rest.
        }
        return try await readUntilComplete(repairs, entities)
    }

    private static func isFinal(_ code: String) -> Bool { code == "unknown_command" || code == "unauthorized" }

    private func readUntilComplete(_ gaps: [GapRepair], _ entities: [String]) async throws -> [EventGap] {
        var repairs = gaps
        var plan = HistoryPlan()
        var added = 0
        for pass in 1...pacing.passesInARow {
            let recorder = try await recorder()
            // What the recorder commits during a reading, the reading may have missed.
            let isLate = repairs.allSatisfy(isLongOver)
            let before = added
            for index in repairs.indices {
                var repair = repairs[index]
                try await read(&repair, entities, &plan) { fraction, found, new in
                    added += new
                    let done = (Double(index) + fraction) / Double(gaps.count)
                    onProgress(
                        BackfillProgress(activity: .reading, pass: pass, fraction: done, found: found, added: added))
                }
                repairs[index] = repair
                try await self.gaps.recordPass(repair.gap.id, entities: entities.count, found: repair.found)
            }
            let isGivenUp = repairs.allSatisfy { $0.gap.passes + pass >= pacing.passesInAll }
            if !isGivenUp, repairs.contains(where: { $0.unreadable.count == entities.count }) {
                throw BackfillPostponed(reason: "Home Assistant cannot read its history now.")
            }
            let isCaughtUp = pacing.isCaughtUp(backlog: recorder.backlog, pass: pass) && (pass > 1 || isLate)
            if added == before && isCaughtUp || isGivenUp {
                return try await close(repairs) {
                    $0.verdict(isRecording: recorder.isRecording, stillGrows: added > before)
                }
            }
            onProgress(BackfillProgress(activity: .waiting, pass: pass, fraction: 1, found: 0, added: added))
            try await Task.sleep(for: pacing.betweenPasses)
        }
        throw BackfillPostponed(reason: "Home Assistant is still writing down what happened.")
    }

    /// Whether the recorder has had the time to commit everything of a gap.
    private func isLongOver(_ repair: GapRepair) -> Bool {
        let pause = pacing.betweenPasses.components
        let microseconds = pause.seconds * 1_000_000 + pause.attoseconds / 1_000_000_000_000
        return repair.gap.endedAt.map { Timestamp.now.microseconds - $0.microseconds > microseconds } ?? false
    }

    private func close(
        _ repairs: [GapRepair], _ verdict: (GapRepair) -> (status: GapStatus, reason: String?)
    ) async throws -> [EventGap] {
        let known = try await gaps.otherEventTypes(connection)
        let types = known.isEmpty ? UnrecoverableTypes.usual : Set(known).union(UnrecoverableTypes.anywhere).sorted()
        var closed: [EventGap] = []
        for repair in repairs {
            let (status, reason) = verdict(repair)
            let gap = try await gaps.close(
                repair.gap.id, as: status, reason: reason, unrecoverableTypes: types, range: repair.range)
            if let gap { closed.append(gap) }
        }
        return closed
    }

    // MARK: What Home Assistant tells

    /// The entities that Home Assistant has now, and how far its clock is known to be ahead of this machine's, in microseconds.
    private func house() async throws -> (entities: Set<String>, skew: Int64) {
        let answer = try await ask(HistoryCommand.states)
        var entities: Set<String> = []
        var newest = Timestamp(microseconds: 0)
        answer.frame.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes, range: answer.result)
            // A state that cannot be read has no history that could be.
            guard (try? scanner.enterArray()) == true else { return }
            while let place = try? scanner.skipValue() {
                if let state = try? EventDecoder(bytes).snapshotState(in: place), let entity = state.entityID {
                    entities.insert(JSONText.string(entity, of: bytes))
                    newest = max(newest, state.timestamp)
                }
                guard (try? scanner.nextElement()) == true else { return }
            }
        }
        return (entities, max(0, newest.microseconds - Timestamp.now.microseconds))
    }

    private struct RecorderInfo: Decodable {
        var backlog: Int?
        var recording: Bool?
    }

    /// How the recorder is; taken for well where Home Assistant does not say.
    private func recorder() async throws -> (isRecording: Bool, backlog: Int) {
        let answer: CommandAnswer
        do {
            answer = try await port.ask(HistoryCommand.recorder, within: pacing.answerLimit)
        } catch CommandFailure.disconnected {
            throw CommandFailure.disconnected
        } catch {
            return (true, 0)
        }
        let info = try? JSONDecoder().decode(RecorderInfo.self, from: Data(answer.frame[answer.result]))
        return (info?.recording ?? true, info?.backlog ?? 0)
    }

    /// Finds out which gaps began before Home Assistant's history does, because it was purged or is another one by now: nothing
    /// in it has a state of then, though we saw states live.
    private func findBeginning(for repairs: inout [GapRepair], entities: [String]) async throws {
        for index in repairs.indices {
            let start = repairs[index].gap.startedAt
            let answer = try await ask(HistoryCommand.states(of: entities, at: start))
            var isThere = false
            answer.frame.withUnsafeBufferPointer { bytes in
                try? HistoryDecoder(bytes).forEachState(in: answer.result) { _, _ in isThere = true }
            }
            // What reaches back to one gap reaches back to the later ones.
            if isThere { return }
            repairs[index].beginsLate = try await gaps.hasLiveStates(connection, before: start)
        }
    }

    /// Asks, and asks again while Home Assistant does not know the command yet or does not answer.
    func ask(_ fields: String) async throws -> CommandAnswer {
        for attempt in 1... {
            do throws(CommandFailure) {
                return try await port.ask(fields, within: pacing.answerLimit)
            } catch {
                switch error {
                case .refused(code: "unknown_command", _) where attempt < pacing.tries: break
                case .timedOut where attempt < pacing.tries: break
                case .timedOut: throw BackfillPostponed(reason: "Home Assistant does not answer questions.")
                default: throw error
                }
            }
            try await Task.sleep(for: pacing.betweenPasses)
        }
        throw CommandFailure.timedOut
    }
}
