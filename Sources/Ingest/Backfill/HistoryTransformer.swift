import BridgeCore
import Cryptography
import HomeAssistantClient
import Store

/// Turns answers of Home Assistant's history into rows, for the same entities from one stretch of time to the next.
///
/// History says what a state was and when, and nothing of the state before, which is carried from row to row here. What cannot
/// become a row becomes a dead letter, as with live events.
struct HistoryTransformer {
    /// What one answer gave.
    struct Output: Sendable {
        /// Rows and dead letters, ready to be written.
        var batch = EventBatch()
        /// States of the answer that lie in the window.
        var found = 0
        /// The earliest of them.
        var oldest: Timestamp?
        /// Where the answer stopped to be JSON; what came before it is in the batch.
        var unreadable: JSONScanError?
    }

    private let connection: ConnectionID
    private var identity: EventIdentity
    private var encoder = EventRowEncoder()
    /// `nil` where no embeddings are made.
    private var annotator: EventAnnotator?
    /// The last state known of each entity; removed ones are left out.
    private var previous: [String: [UInt8]] = [:]

    init(connection: ConnectionID, _ sources: EmbeddingSources? = nil) {
        self.connection = connection
        annotator = sources.map(EventAnnotator.init)
        identity = EventIdentity(connection: connection, digest: SHA256ContentDigest())
    }

    /// Tells the states that were there before the first window.
    mutating func begin(with states: [String: String]) { previous = states.mapValues { Array($0.utf8) } }

    /// Makes rows of the states in `answer` whose time lies in `window`.
    mutating func transform(_ answer: CommandAnswer, window: Range<Timestamp>) -> Output {
        var output = Output()
        annotator?.refresh()
        var frame = ReceivedFrame(connection: connection, bytes: answer.frame)
        FrameRedactor.redact(&frame.bytes)
        output.batch.frames = [frame]
        // Live events of the same states are usually there already.
        output.batch.mayRepeat = true
        frame.bytes.withUnsafeBufferPointer { bytes in
            let decoder = HistoryDecoder(bytes)
            do throws(JSONScanError) {
                try decoder.forEachState(in: answer.result) { entity, range in
                    add(range, of: entity, decoder, bytes, frame, window, to: &output)
                }
            } catch {
                output.unreadable = error
                output.batch.deadLetters.append(
                    DeadLetter(
                        of: frame, answer.result, code: error.code.rawValue,
                        reason: "An answer of Home Assistant's history cannot be read to its end. \(error)"))
            }
        }
        output.batch.rows = encoder.take()
        output.batch.documents = annotator?.takeDocuments() ?? []
        return output
    }

    // MARK: One state

    private mutating func add(
        _ range: Range<Int>, of entity: JSONString, _ decoder: HistoryDecoder, _ bytes: UnsafeBufferPointer<UInt8>,
        _ frame: ReceivedFrame, _ window: Range<Timestamp>, to output: inout Output
    ) {
        let name = JSONText.string(entity, of: bytes)
        do {
            let event = try decoder.state(in: range, of: entity)
            guard window.contains(event.timestamp) else { return }
            output.found += 1
            output.oldest = min(output.oldest ?? event.timestamp, event.timestamp)
            if event.findings.isDisjoint(with: .repairable) {
                try append(event, name, range, bytes, to: &output)
            } else {
                try appendRepaired(range, of: entity, name, decoder, frame, to: &output)
            }
        } catch let error as EventDecodingError {
            output.found += 1
            output.batch.deadLetters.append(
                DeadLetter(of: frame, range, code: error.code, reason: "\(Self.origin(name)) \(error.reason)"))
        } catch {
            output.batch.deadLetters.append(
                DeadLetter(of: frame, range, code: "no_identity", reason: "\(Self.origin(name)) \(error)"))
        }
    }

    /// Stores U+FFFD where PostgreSQL cannot hold what came, and keeps the original as a dead letter.
    private mutating func appendRepaired(
        _ range: Range<Int>, of entity: JSONString, _ name: String, _ decoder: HistoryDecoder, _ frame: ReceivedFrame,
        to output: inout Output
    ) throws {
        output.batch.deadLetters.append(
            DeadLetter(
                of: frame, range, code: "repaired",
                reason:
                    "\(Self.origin(name)) It holds what PostgreSQL cannot store, and was stored with U+FFFD instead."))
        let copy = decoder.repaired(range, of: entity)
        try copy.bytes.withUnsafeBufferPointer { bytes in
            let event = try HistoryDecoder(bytes).state(in: copy.state, of: copy.entity)
            try append(event, JSONText.string(copy.entity, of: bytes), range, bytes, to: &output)
        }
    }

    private mutating func append(
        _ event: HomeAssistantEvent, _ name: String, _ source: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
        to output: inout Output
    ) throws {
        let id = try identity.id(ofState: name, at: event.timestamp, isRemoval: event.kind == .stateRemoved)
        let before = previous[name]
        let annotation = annotator?.annotate(
            event, of: connection, in: bytes, previousState: before, isLive: false)
        let start = encoder.count
        encoder.append(
            event, id: id, connection: connection, source: .backfill, of: bytes, previous: before,
            annotation: annotation)
        output.batch.index.append(EventBatch.Row(range: start..<encoder.count, frame: 0, source: source))
        previous[name] = event.newState.map { state in
            var text: [UInt8] = []
            JSONText.append(state, of: bytes, to: &text)
            return text
        }
    }

    private static func origin(_ name: String) -> String { "From the history of \(name)." }
}
