import BridgeCore
import Cryptography
import FoundationEssentials
import HomeAssistantClient
import Store

/// Turns frames into rows: splits, decodes, repairs what PostgreSQL cannot hold, gives ids, and encodes.
///
/// What cannot become a row becomes a dead letter with its reason and its bytes; nothing is dropped. Secrets have been overwritten
/// in the frames before they come here.
struct FrameTransformer {
    private let digest = SHA256ContentDigest()
    private var identities: [ConnectionID: EventIdentity] = [:]
    private var encoder = EventRowEncoder()
    /// Where the attributes of the event at hand lie.
    private let members = AttributeMembers()
    /// `nil` where no embeddings are made.
    private var annotator: EventAnnotator?
    /// What the events of frames are; snapshots are themselves.
    private let source: EventSource

    /// A transformer that gives its rows embedding keys where `sources` are given. Events of the frames are rows of `source`.
    init(_ sources: EmbeddingSources? = nil, as source: EventSource = .live) {
        annotator = sources.map(EventAnnotator.init)
        self.source = source
    }

    /// Transforms `frames` in their order.
    mutating func transform(_ frames: [ReceivedFrame]) -> EventBatch {
        var batch = EventBatch()
        batch.frames = frames
        annotator?.refresh()
        batch.index.reserveCapacity(frames.reduce(0) { $0 + $1.events.count })
        for (number, frame) in frames.enumerated() {
            var identity = identities[frame.connection] ?? EventIdentity(connection: frame.connection, digest: digest)
            frame.bytes.withUnsafeBufferPointer { bytes in
                for range in frame.events {
                    add(range, source, of: frame, number: number, bytes, &identity, to: &batch)
                }
                if let snapshot = frame.snapshot {
                    batch.mayRepeat = true
                    addSnapshot(snapshot, of: frame, number: number, bytes, &identity, to: &batch)
                }
            }
            if let error = frame.unreadable {
                batch.deadLetters.append(
                    DeadLetter(
                        of: frame, 0..<frame.bytes.count, code: error.code.rawValue,
                        reason: "\(error) Whole events around that place were stored."))
            }
            identities[frame.connection] = identity
        }
        batch.rows = encoder.take()
        batch.documents = annotator?.takeDocuments() ?? []
        return batch
    }

    // MARK: Parts

    private mutating func addSnapshot(
        _ range: Range<Int>, of frame: ReceivedFrame, number: Int, _ bytes: UnsafeBufferPointer<UInt8>,
        _ identity: inout EventIdentity, to batch: inout EventBatch
    ) {
        var scanner = JSONScanner(bytes, range: range)
        do throws(JSONScanError) {
            guard try scanner.enterArray() else { return }
            repeat {
                let state = try scanner.skipValue()
                add(state, .snapshot, of: frame, number: number, bytes, &identity, to: &batch)
            } while try scanner.nextElement()
        } catch {
            batch.deadLetters.append(DeadLetter(of: frame, range, code: error.code.rawValue, reason: "\(error)"))
        }
    }

    private mutating func add(
        _ range: Range<Int>, _ source: EventSource, of frame: ReceivedFrame, number: Int,
        _ bytes: UnsafeBufferPointer<UInt8>, _ identity: inout EventIdentity, to batch: inout EventBatch
    ) {
        do {
            let event = try decode(range, source, bytes)
            let original = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))
            if event.findings.isDisjoint(with: .repairable) {
                let id = try identity.id(of: event, in: bytes, original: original)
                append(event, id, source, frame, number, range, bytes, to: &batch)
                if event.findings.contains(.ignoredField) {
                    batch.deadLetters.append(
                        DeadLetter(
                            of: frame, range, code: "ignored_field",
                            reason: "A state before or a context has an unknown type. The event was stored without it.")
                    )
                }
                return
            }
            let repaired = JSONText.repaired(bytes, range: range)
            try repaired.withUnsafeBufferPointer { copy in
                let event = try decode(0..<copy.count, source, copy)
                let id = try identity.id(of: event, in: copy, original: original)
                append(event, id, source, frame, number, range, copy, to: &batch)
            }
            // The row holds a substitute for what PostgreSQL cannot hold; the original is kept beside it.
            batch.deadLetters.append(
                DeadLetter(
                    of: frame, range, code: "repaired",
                    reason: "\(event.findings.sentence) The event was stored with substitutes for them."))
        } catch let error as EventDecodingError {
            batch.deadLetters.append(DeadLetter(of: frame, range, code: error.code, reason: error.reason))
        } catch {
            batch.deadLetters.append(DeadLetter(of: frame, range, code: "no_identity", reason: "\(error)"))
        }
    }

    private func decode(
        _ range: Range<Int>, _ source: EventSource, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(EventDecodingError) -> HomeAssistantEvent {
        switch source {
        case .live, .imported: try EventDecoder(bytes, noting: members).event(in: range)
        case .snapshot, .backfill: try EventDecoder(bytes, noting: members).snapshotState(in: range)
        }
    }

    private mutating func append(
        _ event: HomeAssistantEvent, _ id: EventID, _ source: EventSource, _ frame: ReceivedFrame, _ number: Int,
        _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>, to batch: inout EventBatch
    ) {
        if isSuspect(event.timestamp, source, receivedAt: frame.receivedTime) { batch.clockSuspects += 1 }
        let annotation = annotator?.annotate(
            event, of: frame.connection, in: bytes, members, isLive: source == .live || source == .imported)
        // What a house was like years ago says nothing of what it is like now.
        if source != .imported, event.changesRegistries(in: bytes) { batch.registryChanges.insert(frame.connection) }
        if source == .live, let signal = event.automationSignal(in: bytes) {
            batch.signals.append((frame.connection, signal))
        }
        let start = encoder.count
        encoder.append(
            event, id: id, connection: frame.connection, source: source, of: bytes, annotation: annotation)
        batch.index.append(EventBatch.Row(range: start..<encoder.count, frame: number, source: range))
        batch.note(event.timestamp)
        if event.kind != .other { batch.noteState(event.timestamp, of: frame.connection) }
    }

    /// Whether one of the two clocks is likely wrong. The row is stored all the same: the time is Home Assistant's word. A state
    /// of a snapshot may be as old as it likes.
    private func isSuspect(_ time: Timestamp, _ source: EventSource, receivedAt: Timestamp) -> Bool {
        time > receivedAt.adding(seconds: 86_400) || source == .live && time < receivedAt.adding(seconds: -90 * 86_400)
    }
}

extension HomeAssistantEvent {
    /// Whether it says that names, areas or the time zone of the house may be others now.
    fileprivate func changesRegistries(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard kind == .other, let eventType else { return false }
        let type = eventType.raw(in: bytes)
        return Self.registryEvents.contains { $0.count == type.count && $0.elementsEqual(type) }
    }

    private static let registryEvents = RegistryKeeper.eventTypes.map { Array($0.utf8) }
}

extension JSONFindings {
    /// A sentence for the table of dead letters.
    fileprivate var sentence: String {
        var parts: [String] = []
        if contains(.nulEscape) { parts.append("NUL characters") }
        if contains(.loneSurrogate) { parts.append("half surrogate pairs") }
        if contains(.invalidUTF8) { parts.append("bytes that are no UTF-8") }
        if contains(.controlCharacter) { parts.append("raw control characters") }
        if contains(.invalidEscape) { parts.append("backslashes that begin no escape") }
        return "The event holds \(parts.joined(separator: " and ")), which PostgreSQL cannot store."
    }
}
