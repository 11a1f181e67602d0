import BridgeCore
import Search

/// Asks every question of a folder through the ordinary search.
struct QueryRunner {
    let service: SearchService
    let loaded: HomeLoader.Report

    /// The answers, and how long each question took.
    struct Outcome: Sendable {
        var run = RankedRun()
        var textTimes = Durations()
        var similarTimes = Durations()
    }

    /// Asks all questions of `home`. Throws what the search throws.
    func ask(
        _ folder: BenchmarkFolder, home: String, progress: (String, Int, Int) -> Void = { _, _, _ in }
    ) async throws -> Outcome {
        var outcome = Outcome()
        for file in try folder.files("queries_") {
            let queries = try folder.textQueries(in: file, home: home)
            for (number, query) in queries.enumerated() {
                let start = ContinuousClock.now
                let answer = try await service.search(
                    SearchRequest(
                        text: query.text, scope: SearchScope(limit: RankedRun.depth, listsEachEvent: true)),
                    now: loaded.newest ?? .now)
                outcome.textTimes.add(ContinuousClock.now - start)
                outcome.run.add(query.id, ids(answer))
                progress(file, number + 1, queries.count)
            }
        }
        for file in try folder.files("mlt_") {
            let queries = try folder.similarQueries(in: file, home: home)
            for (number, query) in queries.enumerated() {
                for isCross in [false, true] {
                    let name = query.id + (isCross ? ".cross" : "")
                    guard let event = loaded.ids[query.eventID] else {
                        outcome.run.add(name, [])
                        continue
                    }
                    let start = ContinuousClock.now
                    let answer = try await similar(to: event, isCross: isCross)
                    if !isCross { outcome.similarTimes.add(ContinuousClock.now - start) }
                    outcome.run.add(name, ids(answer))
                }
                progress(file, number + 1, queries.count)
            }
        }
        return outcome
    }

    /// An event without a vector has none like it.
    private func similar(to event: EventID, isCross: Bool) async throws -> SearchAnswer {
        do {
            return try await service.similar(
                to: event,
                scope: SearchScope(limit: RankedRun.depth, listsEachEvent: true, leavesOutSameEntity: isCross))
        } catch let error as SearchError where error.code == .notEmbedded(event) {
            return SearchAnswer(results: [])
        }
    }

    private func ids(_ answer: SearchAnswer) -> [String] {
        answer.results.compactMap { loaded.folderIDs[$0.eventID] }
    }
}
