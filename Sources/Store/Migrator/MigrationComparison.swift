/// Compares what this program knows with what a database has. Pure: no database is asked.
///
/// The applied versions must be the first ones of the known list, each with the same checksum.
struct MigrationComparison: Sendable {
    let known: [Migration]
    let applied: [AppliedMigration]

    private struct Pair {
        var known: Migration?
        var applied: AppliedMigration?
    }

    /// The migrations of either side by version.
    private var pairs: [(version: Int, pair: Pair)] {
        var result: [Int: Pair] = [:]
        for migration in known { result[migration.version, default: Pair()].known = migration }
        for migration in applied { result[migration.version, default: Pair()].applied = migration }
        return result.sorted { $0.key < $1.key }.map { (version: $0.key, pair: $0.value) }
    }

    /// What is wrong with one version; pending is not wrong.
    private func problem(_ pair: Pair) -> MigrationError? {
        let newestKnown = known.map(\.version).max() ?? 0
        let newestApplied = applied.map(\.version).max() ?? 0
        switch (pair.known, pair.applied) {
        case (let known?, let applied?):
            return known.checksum == applied.checksum ? nil : .edited(known, applied: applied)
        case (let known?, nil):
            return known.version < newestApplied ? .hole(known, below: newestApplied) : nil
        case (nil, let applied?):
            return applied.version > newestKnown
                ? .newer(applied, newestKnown: newestKnown) : .unknown(applied, newestKnown: newestKnown)
        case (nil, nil): return nil
        }
    }

    /// The first thing that is wrong, in the order of versions.
    func firstProblem() -> MigrationError? {
        for (_, pair) in pairs { if let problem = problem(pair) { return problem } }
        return nil
    }

    /// What is still to be applied, in order; meaningful only where nothing is wrong.
    var pending: [Migration] {
        let versions = Set(applied.map(\.version))
        return known.filter { !versions.contains($0.version) }.sorted { $0.version < $1.version }
    }

    var status: MigrationStatus {
        let entries = pairs.map { version, pair in
            MigrationStatus.Entry(
                version: version,
                description: pair.known?.description ?? pair.applied?.description ?? "",
                state: pair.applied.map { .applied($0.appliedAt) } ?? .pending,
                checksum: pair.known?.checksum ?? pair.applied?.checksum ?? "",
                problem: problem(pair)?.message)
        }
        return MigrationStatus(entries: entries)
    }
}
