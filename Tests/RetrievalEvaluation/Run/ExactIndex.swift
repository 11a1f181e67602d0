import BridgeCore
import Embedding

/// All vectors of a home in memory, compared one by one: what the search through PostgreSQL is measured against.
struct ExactIndex: Sendable {
    /// One event, with the number of its vector.
    struct Event: Sendable {
        /// The folder's own id of it.
        var id: String
        var entityID: String?
        var timestamp: Timestamp
        /// The event's place in the order of the database, which decides between equal times.
        var order: String
        var vector: Int
    }

    /// `embeddingDimensions` numbers for each vector, one after another.
    private let numbers: [Float]
    private let count: Int
    /// The events of each vector, newest first.
    private let events: [[Event]]

    /// Takes vectors of `embeddingDimensions` numbers, and the events that have them.
    init(vectors: [[Float]], events: [Event]) {
        numbers = vectors.flatMap { $0 }
        count = vectors.count
        var groups = [[Event]](repeating: [], count: vectors.count)
        for event in events { groups[event.vector].append(event) }
        self.events = groups.map { $0.sorted { ($0.timestamp, $0.order) > ($1.timestamp, $1.order) } }
    }

    /// How near each vector is to `query`: their cosine, as all have length 1.
    func scores(_ query: [Float]) -> [Float] {
        let width = embeddingDimensions * MemoryLayout<Float>.stride
        let step = MemoryLayout<SIMD16<Float>>.size
        return numbers.withUnsafeBytes { numbers in
            query.withUnsafeBytes { query in
                (0..<count).map { row in
                    var sum = SIMD16<Float>.zero
                    for offset in stride(from: 0, to: width, by: step) {
                        let number = numbers.loadUnaligned(fromByteOffset: row * width + offset, as: SIMD16<Float>.self)
                        sum += number * query.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    }
                    return sum.sum()
                }
            }
        }
    }

    /// The nearest events, best first, newer first among equals, without those that `isLeftOut` names.
    func nearest(_ query: [Float], limit: Int, without isLeftOut: @escaping (Event) -> Bool = { _ in false }) -> [Event]
    {
        let scores = scores(query)
        var found: [(score: Float, event: Event)] = []
        for row in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
            // What comes now is no better than the last; equal ones may still be newer.
            if found.count >= limit, let last = found.last, scores[row] < last.score { break }
            var taken = 0
            for event in events[row] where taken < limit && !isLeftOut(event) {
                found.append((scores[row], event))
                taken += 1
            }
            guard found.count > limit else { continue }
            found.sort(by: Self.isBefore)
            found.removeLast(found.count - limit)
        }
        return found.sorted(by: Self.isBefore).map(\.event)
    }

    private static func isBefore(_ left: (score: Float, event: Event), _ right: (score: Float, event: Event)) -> Bool {
        if left.score != right.score { return left.score > right.score }
        return (left.event.timestamp, left.event.order) > (right.event.timestamp, right.event.order)
    }
}
