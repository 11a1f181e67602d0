import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgres) struct SearchRepositoryTests {
    /// Some hundred events of sixty keys in two months, two houses and three entities, one key in ten without an entity.
    private struct World {
        let home: ConnectionID
        let other: ConnectionID
        let events: [KeyedEvent]
        let start: Timestamp

        static let keys = 60
        static let span = 40 * 86_400

        init(_ database: StoreDatabase, seed: UInt64) async throws {
            var generator = SeededGenerator(seed: seed)
            home = try await database.addConnection("home").id
            other = try await database.addConnection("other").id
            start = try #require(EventMonth(of: .now)).start.adding(seconds: -20 * 86_400)
            var events: [KeyedEvent] = []
            for _ in 0..<400 {
                let key = Int.random(in: 0..<Self.keys, using: &generator)
                events.append(
                    KeyedEvent(
                        connection: Bool.random(using: &generator) ? home : other, key: key,
                        entity: key % 10 == 0 ? nil : "sensor.s\(key % 3)",
                        timestamp: start.adding(seconds: Int64.random(in: 0..<Int64(Self.span), using: &generator))))
            }
            self.events = events
            try await database.write(events)
            try await database.embedAll()
        }

        /// The score of each key's number.
        static func scores(_ query: [Float]) -> [Double] {
            let norm = query.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            return (0..<keys).map { number in
                zip(FakeEmbedder.vector(number), query).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / norm
            }
        }

        /// A query between the keys, and their scores. No two are so near to each other that PostgreSQL, which reckons with fewer
        /// digits, might see them the other way round.
        static func query(_ generator: inout SeededGenerator) -> (vector: [Float], scores: [Double]) {
            while true {
                var vector = FakeEmbedder.vector(Int.random(in: 0..<keys, using: &generator))
                for index in 2..<20 { vector[index] += Float.random(in: -0.02...0.02, using: &generator) }
                let scores = scores(vector)
                let ordered = scores.sorted()
                if zip(ordered, ordered.dropFirst()).allSatisfy({ $1 - $0 > 1e-5 }) { return (vector, scores) }
            }
        }

        /// What a search must find, reckoned here.
        func expected(
            _ scores: [Double], _ filter: SearchFilter, _ expansion: SearchRepository.Expansion, without: EventID? = nil
        ) -> [(event: KeyedEvent, occurrences: Int)] {
            let passing = events.filter { event in
                (filter.connection.map { $0 == event.connection } ?? true)
                    && (filter.entity.map { glob in
                        event.entity.map { glob.hasSuffix("*") ? $0.hasPrefix(glob.dropLast()) : $0 == glob } ?? false
                    } ?? true)
                    && (filter.since.map { event.timestamp >= $0 } ?? true)
                    && (filter.until.map { event.timestamp < $0 } ?? true)
            }
            let counts = Dictionary(grouping: passing) { EventKey.of($0) }.mapValues(\.count)
            var shown: Set<EventKey> = []
            // Equally near are keys of the same number in two houses: the newer event comes first.
            func isBefore(_ left: KeyedEvent, _ right: KeyedEvent) -> Bool {
                let (near, far) = (scores[left.key ?? 0], scores[right.key ?? 0])
                return near == far ? left.timestamp > right.timestamp : near > far
            }
            return passing.sorted(by: isBefore)
                .filter { $0.id != without && (expansion == .each || shown.insert(EventKey.of($0)).inserted) }
                .map { ($0, counts[EventKey.of($0)] ?? 0) }
        }
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
    func findsWhatAReckoningInMemoryFinds(seed: UInt64) async throws {
        try await StoreDatabase.with { database in
            let world = try await World(database, seed: seed)
            var generator = SeededGenerator(seed: seed &+ 1)
            func moment(_ part: Double) -> Timestamp { world.start.adding(seconds: Int64(part * Double(World.span))) }
            let filters: [SearchFilter] = [
                SearchFilter(), SearchFilter(connection: world.home),
                SearchFilter(connection: world.home, entity: "sensor.s1"),
                SearchFilter(entity: "sensor.*"), SearchFilter(entity: "light.*"),
                SearchFilter(since: moment(0.3), until: moment(0.35)), SearchFilter(since: moment(0.9)),
                SearchFilter(connection: world.other, until: moment(0.5)),
                SearchFilter(since: moment(0.5), until: moment(0.5)),
                SearchFilter(entity: "sensor.s2", since: moment(0.1), until: moment(0.8)),
            ]
            for (number, filter) in filters.enumerated() {
                let (query, scores) = World.query(&generator)
                for expansion in [SearchRepository.Expansion.newest, .each] {
                    for limit in [1, 10, 500] {
                        let hits = try await database.search.search(
                            vector: query, filter: filter, limit: limit, expansion: expansion)
                        let expected = world.expected(scores, filter, expansion).prefix(limit)
                        let comment = Comment("seed \(seed), filter \(number), \(expansion), limit \(limit)")
                        #expect(hits.map(\.eventID) == expected.map(\.event.id), comment)
                        #expect(hits.map(\.occurrences) == expected.map(\.occurrences), comment)
                        for (hit, found) in zip(hits, expected) {
                            #expect(abs(hit.score - scores[found.event.key ?? 0]) < 1e-5, comment)
                            #expect(
                                hit.text == "The thing did number \(found.event.key ?? -1)" && hit.area == "Kitchen")
                            #expect(hit.entityID == found.event.entity && hit.newState == "on")
                        }
                    }
                }
            }
        }
    }

    @Test func similarIsTheSameInSwiftAndInSQL() async throws {
        try await StoreDatabase.with { database in
            let world = try await World(database, seed: 5)
            for event in world.events.prefix(8) {
                for filter in [
                    SearchFilter(),
                    SearchFilter(
                        since: world.start.adding(seconds: 86_400), until: world.start.adding(seconds: 25 * 86_400)),
                ] {
                    let hits = try #require(
                        try await database.search.similar(to: event.id, filter: filter, limit: 15))
                    var mine = filter
                    mine.connection = event.connection
                    let expected = world.expected(
                        World.scores(FakeEmbedder.vector(event.key ?? 0)), mine, .each, without: event.id
                    ).prefix(15)
                    #expect(hits.map(\.eventID) == expected.map(\.event.id))
                    let rows = try await database.session.query(
                        "SELECT id, text, score FROM similar_events($1, 15, $2, $3)",
                        [
                            .id(event.id), .optional(filter.since) { .timestamp($0) },
                            .optional(filter.until) { .timestamp($0) },
                        ])
                    let found = try rows.map { row in
                        (
                            id: try row.id("id", as: EventID.self), text: try row.string("text"),
                            score: try row.double("score")
                        )
                    }
                    #expect(found.map(\.id) == hits.map(\.eventID))
                    #expect(found.map(\.text) == hits.map { $0.text ?? "" })
                    #expect(zip(found, hits).allSatisfy { abs($0.score - $1.score) < 1e-6 })
                }
            }
            #expect(try await database.column("SELECT id FROM similar_events(gen_random_uuid())").isEmpty)
            #expect(try await database.search.similar(to: EventID()) == nil)
        }
    }

    @Test func similarEventsWorksWhateverTheSearchPath() async throws {
        try await StoreDatabase.with { database in
            let world = try await World(database, seed: 6)
            try await database.session.execute("SET search_path = pg_catalog")
            let rows = try await database.column(
                "SELECT id FROM public.similar_events('\(world.events[0].id)', 3)")
            #expect(rows.count == 3)
            #expect(
                try await database.scalar(
                    "SELECT count(*) FROM public.home_assistant_event_vectors WHERE embedding_vector IS NOT NULL AND text IS NOT NULL AND embedder_version = 'v1'"
                ) == "\(world.events.count)")
        }
    }

    @Test func anEventThatWaitsIsFoundByTheVectorOfAnotherMonth() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let month = try #require(EventMonth(of: .now))
            let old = KeyedEvent(connection: home, key: 1, timestamp: month.start.adding(seconds: -86_400))
            try await database.write([old])
            try await database.embedAll()
            let new = KeyedEvent(connection: home, key: 1, timestamp: month.start.adding(seconds: 86_400))
            try await database.write([new])
            let hits = try await database.search.search(vector: FakeEmbedder.vector(1), expansion: .each)
            #expect(hits.map(\.eventID) == [new.id, old.id])
            #expect(try await database.search.vector(of: new.id)?.connection == home)
            let moments = try await database.search.occurrences(of: hits[0], limit: 5)
            #expect(moments.map(\.id) == [new.id, old.id])
            #expect(
                try await database.search.occurrences(of: hits[0], filter: SearchFilter(since: month.start)).count == 1)
        }
    }

    @Test func anEmptyDatabaseHasNothingToFind() async throws {
        try await StoreDatabase.with { database in
            let query = FakeEmbedder.vector(1)
            let anything = try await database.search.search(vector: query)
            let nothing = try await database.search.search(vector: query, limit: 0)
            let soon = SearchFilter(since: .now, until: .now.adding(seconds: 60))
            let later = try await database.search.search(vector: query, filter: soon)
            #expect(anything.isEmpty && nothing.isEmpty && later.isEmpty)
        }
    }
}

extension EventKey {
    fileprivate static func of(_ event: KeyedEvent) -> EventKey { KeyedEvent.key(event.key ?? 0, event.connection) }
}
