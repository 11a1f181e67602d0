import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// One reading of the history of one gap.
extension Backfiller {
    /// Called after each answer: how much of the reading is done, states found in it so far, rows just added.
    typealias Step = (_ fraction: Double, _ found: Int, _ added: Int) -> Void

    /// Reads what history has of `entities` in the range of the gap and writes it, group after group of entities, stretch after
    /// stretch of time.
    func read(
        _ repair: inout GapRepair, _ entities: [String], _ plan: inout HistoryPlan, _ onStep: Step
    ) async throws {
        repair.found = 0
        repair.unreadable = []
        guard !repair.range.isEmpty else { return }
        var done = 0
        while done < entities.count {
            let group = entities[done..<min(done + plan.entities, entities.count)]
            let share = Double(group.count) / Double(entities.count)
            let before = Double(done) / Double(entities.count)
            try await read(group, from: repair.range.lowerBound, for: &repair, &plan) { fraction, found, added in
                onStep(before + share * fraction, found, added)
            }
            done += group.count
        }
    }

    private func read(
        _ group: ArraySlice<String>, from first: Timestamp, for repair: inout GapRepair, _ plan: inout HistoryPlan,
        _ onStep: Step
    ) async throws {
        let end = repair.range.upperBound
        var transformer: HistoryTransformer?
        var start = first
        var span = plan.firstSpan
        var failures = 0
        while start < end {
            try Task.checkCancellation()
            let window = start..<min(Timestamp(microseconds: start.microseconds + span), end)
            let began = ContinuousClock.now
            let answer: CommandAnswer
            do throws(CommandFailure) {
                answer = try await port.ask(
                    HistoryCommand.history(of: group, in: window), within: pacing.answerLimit)
            } catch {
                switch error {
                case .disconnected: throw error
                case .timedOut:
                    failures += 1
                    guard failures < pacing.tries else {
                        throw BackfillPostponed(reason: "Home Assistant does not answer questions about its history.")
                    }
                    span = plan.span(after: span, bytes: plan.target * 8)
                    try await Task.sleep(for: pacing.betweenLooks)
                case .refused:
                    // One entity of the group is the cause, more likely than not: it alone is given up.
                    guard let middle = Self.middle(of: group) else {
                        repair.unreadable.formUnion(group)
                        return
                    }
                    try await read(group[..<middle], from: start, for: &repair, &plan, onStep)
                    try await read(group[middle...], from: start, for: &repair, &plan, onStep)
                    return
                }
                continue
            }
            var added = 0
            // An object of two bytes holds nothing.
            if answer.result.count > 2 {
                if transformer == nil { transformer = try await self.transformer(for: group, from: start) }
                added = try await write(answer, window, for: &repair, &transformer)
            }
            if start == repair.range.lowerBound { plan.learn(firstAnswer: answer.result.count) }
            span = plan.span(after: span, bytes: answer.result.count)
            start = window.upperBound
            let whole = Double(end.microseconds - repair.range.lowerBound.microseconds)
            onStep(
                Double(start.microseconds - repair.range.lowerBound.microseconds) / whole, repair.found, added)
            try await rest(since: began)
        }
    }

    private static func middle(of group: ArraySlice<String>) -> Int? {
        group.count < 2 ? nil : group.startIndex + group.count / 2
    }

    private func transformer(for group: ArraySlice<String>, from start: Timestamp) async throws -> HistoryTransformer {
        var transformer = HistoryTransformer(connection: connection, embedding)
        transformer.begin(
            with: try await gaps.latestStates(of: Array(group), connection: connection, before: start))
        return transformer
    }

    /// Writes what an answer holds of `window` and returns how many rows are new.
    private func write(
        _ answer: CommandAnswer, _ window: Range<Timestamp>, for repair: inout GapRepair,
        _ transformer: inout HistoryTransformer?
    ) async throws -> Int {
        guard let output = transformer?.transform(answer, window: window) else { return 0 }
        repair.found += output.found
        repair.isIncomplete = repair.isIncomplete || output.unreadable != nil
        if let oldest = output.oldest { repair.oldest = min(repair.oldest ?? oldest, oldest) }
        guard !output.batch.index.isEmpty || !output.batch.deadLetters.isEmpty else { return 0 }
        let outcome = try await sink(output.batch)
        CrashPoint.insideBackfill.reach()
        if outcome.stored > 0 { try await gaps.recordAdded(repair.gap.id, rows: outcome.stored) }
        return outcome.stored
    }
}
