import PostgresClient
import Store

extension EventBatch {
    /// What became of a batch that was stored in parts.
    struct Parts: Sendable {
        var outcome = WriteOutcome()
        /// The rows that PostgreSQL refuses.
        var refused: [DeadLetter] = []
        /// Whether the last transaction was told that it is the last.
        var isClosed = false
    }

    /// COPY's stream of the rows in `range`, in pieces; the whole batch is not copied for it.
    func chunks(of range: Range<Int>) -> [[UInt8]] {
        guard let first = index[range].first, let last = index[range].last else { return [] }
        let part = first.range.lowerBound..<last.range.upperBound
        let body = part == 0..<rows.count ? rows : Array(rows[part])
        return [BinaryCopyEncoder.headerBytes, body, BinaryCopyEncoder.trailerBytes]
    }

    /// Gives `range` to `store`, and halves of it where PostgreSQL refuses a value, until the rows are found that it refuses.
    ///
    /// `store` returns how many rows are new, or the refusal; it is told when nothing is left after it. Throws what it throws.
    func storeInParts(
        _ range: Range<Int>, isolation: isolated (any Actor)? = #isolation,
        _ store: (_ part: Range<Int>, _ isLast: Bool) async throws -> Result<Int, PostgresError>
    ) async throws -> Parts {
        var parts = Parts()
        var waiting = range.isEmpty ? [] : [range]
        while let part = waiting.popLast() {
            let isLast = waiting.isEmpty && parts.refused.isEmpty
            switch try await store(part, isLast) {
            case .success(let stored):
                parts.outcome.stored += stored
                parts.outcome.repeated += part.count - stored
                parts.isClosed = isLast
            case .failure(let error) where part.count == 1:
                let row = index[part.lowerBound]
                parts.refused.append(
                    DeadLetter(
                        of: frames[row.frame], row.source, code: "refused_by_postgresql",
                        reason: "PostgreSQL refused the row: \(error.message)", sqlState: error.sqlState))
            case .failure:
                let middle = part.lowerBound + part.count / 2
                waiting += [middle..<part.upperBound, part.lowerBound..<middle]
            }
        }
        return parts
    }
}
