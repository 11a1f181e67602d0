import BridgeCore
import Embedding
import Store

/// What the search by meaning needs of a row.
struct RowAnnotation: Sendable {
    var key: EmbeddingKey
    /// The row of the same month that carries the vector of the key, where one is known.
    var exemplar: EventID?
}

/// What the annotators of all transformers share.
struct EmbeddingSources: Sendable {
    /// What the registries say of each house.
    var houses: HouseDirectory
    var directory: ExemplarDirectory
}

/// Gives events their embedding keys, and collects the documents of keys that are new. Belongs to one task.
struct EventAnnotator {
    private let sources: EmbeddingSources
    private var describers: [EventDescriber] = []
    /// The place of each house's describer.
    private var places: [ConnectionID: Int] = [:]
    /// The house of the last event, which most often is that of the next.
    private var last: (connection: ConnectionID, place: Int)?
    private var generation: UInt64?
    /// How many describers the memory was last divided among.
    private var sharing = 0
    /// New documents since they were last taken.
    private var documents: [EmbeddingKey: StoredDocument] = [:]

    init(_ sources: EmbeddingSources) { self.sources = sources }

    /// Takes over what the registries say by now. To be called once a batch.
    mutating func refresh() {
        if describers.count != sharing {
            sharing = describers.count
            for place in describers.indices { describers[place].share(with: sharing) }
        }
        let current = sources.houses.generation
        guard current != generation else { return }
        generation = current
        for (connection, place) in places {
            describers[place].update(house: sources.houses.context(of: connection) ?? HouseContext())
        }
    }

    /// The place of the describer of `connection`, made where there is none.
    private mutating func place(of connection: ConnectionID) -> Int {
        if let last, last.connection == connection { return last.place }
        let place = places[connection] ?? describers.count
        if place == describers.count {
            let house = sources.houses.context(of: connection) ?? HouseContext()
            describers.append(EventDescriber(connection: connection, house: house))
            places[connection] = place
        }
        last = (connection, place)
        return place
    }

    /// The annotation of an event; `nil` where there is nothing to say of it. `members` are what its decoder noted.
    mutating func annotate(
        _ event: HomeAssistantEvent, of connection: ConnectionID, in bytes: UnsafeBufferPointer<UInt8>,
        _ members: AttributeMembers? = nil, previousState: [UInt8]? = nil, isLive: Bool
    ) -> RowAnnotation? {
        let described = describers[place(of: connection)].describe(
            event, in: bytes, members, previousState: previousState, isLive: isLive)
        guard let described else { return nil }
        let key = described.key
        let (hasDocument, exemplar) = sources.directory.look(
            up: key, of: connection, month: event.timestamp.monthsSince1970)
        if !hasDocument, documents[key] == nil, let document = described.document() {
            documents[key] = StoredDocument(document, key: key, connection: connection)
        }
        return RowAnnotation(key: key, exemplar: exemplar)
    }

    /// The documents of keys that are not known to be stored.
    mutating func takeDocuments() -> [StoredDocument] {
        defer { documents = [:] }
        return Array(documents.values)
    }
}

extension StoredDocument {
    /// The row of a document.
    init(_ document: EmbeddingDocument, key: EmbeddingKey, connection: ConnectionID) {
        self.init(
            key: EventKey(connection: connection, bytes: key.bytes), text: document.text, entityID: document.entityID,
            kind: document.kind, transition: document.transition, area: document.area,
            dayPart: document.dayPart.rawValue, polarity: document.polarity.rawValue)
    }
}
