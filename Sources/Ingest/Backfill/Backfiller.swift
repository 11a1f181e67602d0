import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// Fills gaps with what Home Assistant's recorder remembers of them.
///
/// The history is read at once and again when the recorder is known to have committed what happened in the gaps, until a reading
/// adds nothing. Rows of the history stand behind every other source, so that it does no harm to read what is stored already. One
/// command at most is on its way, and Home Assistant has time for others between two of them.
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
            try await findBeginning(for: &repairs, entities: Array(entities.prefix(Self.sample)))
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

    /// How many entities are asked about at once where any of them will do.
    static let sample = 500

    private static func isFinal(_ code: String) -> Bool { code == "unknown_command" || code == "unauthorized" }

    private func readUntilComplete(_ gaps: [GapRepair], _ entities: [String]) async throws -> [EventGap] {
        var repairs = gaps
        var plan = HistoryPlan()
        var watch = RecorderWatch(end: gaps.map(\.range.upperBound).max() ?? .now)
        var added = 0
        var pass = 0
        for _ in 1...pacing.looksInARow {
            try await look(at: &watch, entities)
            // The first reading brings what there is; only one that begins with everything committed is sure to find the rest.
            if pass == 0 || watch.hasCommitted {
                pass += 1
                let new = try await read(&repairs, entities, &plan, pass: pass, addedBefore: added)
                added += new
                let isGivenUp = repairs.allSatisfy { $0.gap.passes + pass >= pacing.passesInAll }
                if !isGivenUp, repairs.contains(where: { $0.unreadable.count == entities.count }) {
                    throw BackfillPostponed(reason: "Home Assistant cannot read its history now.")
                }
                if new == 0 && watch.hasCommitted || isGivenUp {
                    return try await close(repairs) { $0.verdict(watch, stillGrows: new > 0) }
                }
            }
            onProgress(BackfillProgress(activity: .waiting, pass: pass, fraction: 1, found: 0, added: added))
            try await Task.sleep(for: pacing.betweenLooks)
        }
        throw BackfillPostponed(reason: "Home Assistant is still writing down what happened.")
    }

    /// Reads all gaps once and returns how many rows are new.
    private func read(
        _ repairs: inout [GapRepair], _ entities: [String], _ plan: inout HistoryPlan, pass: Int, addedBefore: Int
    ) async throws -> Int {
        var added = 0
        for index in repairs.indices {
            var repair = repairs[index]
            let count = Double(repairs.count)
            try await read(&repair, entities, &plan) { fraction, found, new in
                added += new
                onProgress(
                    BackfillProgress(
                        activity: .reading, pass: pass, fraction: (Double(index) + fraction) / count, found: found,
                        added: addedBefore + added))
            }
            repairs[index] = repair
            try await gaps.recordPass(repair.gap.id, entities: entities.count, found: repair.found)
        }
        return added
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

    /// Finds out which gaps began before Home Assistant's history does, because it was purged or is another one by now: nothing
    /// in it has a state of then, though we saw states live.
    private func findBeginning(for repairs: inout [GapRepair], entities: [String]) async throws {
        for index in repairs.indices {
            let start = repairs[index].gap.startedAt
            let answer = try await ask(HistoryCommand.states(of: entities, at: start))
            // What reaches back to one gap reaches back to the later ones.
            if Self.hasState(answer) { return }
            repairs[index].beginsLate = try await gaps.hasLiveStates(connection, before: start)
        }
    }

    /// Whether an answer of the history has any state.
    static func hasState(_ answer: CommandAnswer) -> Bool {
        var isThere = false
        answer.frame.withUnsafeBufferPointer { bytes in
            try? HistoryDecoder(bytes).forEachState(in: answer.result) { _, _ in isThere = true }
        }
        return isThere
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
            try await Task.sleep(for: pacing.betweenLooks)
        }
        throw CommandFailure.timedOut
    }
}
