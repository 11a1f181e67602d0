import BridgeCore
import Store
import Testing

@Suite(.needsPostgres) struct GapRepositoryTests {
    private static let now = Timestamp.now
    private static let start = now.adding(seconds: -600)

    @Test func listsTheNewestGapsOldestFirst() async throws {
        try await BackfillHouse.with { house in
            for hour in 1...5 {
                let start = Self.start.adding(seconds: Int64(-3_600 * hour))
                _ = try await house.openGap(from: start, to: start.adding(seconds: 60), cause: .overflow)
            }
            let gaps = try await house.gaps.list(connection: house.connection, limit: 3)
            #expect(gaps.map(\.startedAt) == (1...3).reversed().map { Self.start.adding(seconds: Int64(-3_600 * $0)) })
            #expect(gaps.allSatisfy { $0.connectionName == "home" && $0.cause == .overflow && $0.status == .open })
            #expect(try await house.gaps.list(connection: ConnectionID()).isEmpty)
        }
    }

    @Test func closesOnceAndKeepsWhatWasSaid() async throws {
        try await BackfillHouse.with { house in
            let gap = try await house.openGap(from: Self.start, to: Self.now)
            try await house.gaps.recordAdded(gap.id, rows: 3)
            try await house.gaps.recordAdded(gap.id, rows: 4)
            try await house.gaps.recordPass(gap.id, entities: 9, found: 20)
            try await house.gaps.recordPass(gap.id, entities: 10, found: 21)
            let types = ["call_service", #"odd "type", {x}"#]
            let range = Self.start..<Self.now
            let closed = try await house.gaps.close(
                gap.id, as: .partial, reason: "Some \u{0} reason.", unrecoverableTypes: types, range: range)
            #expect(closed?.status == .partial && closed?.reason == "Some \u{FFFD} reason." && closed?.closedAt != nil)
            #expect(closed?.rowsAdded == 7 && closed?.rowsFound == 21 && closed?.entities == 10 && closed?.passes == 2)
            #expect(closed?.unrecoverableTypes == types)
            let again = try await house.gaps.close(
                gap.id, as: .backfilled, unrecoverableTypes: [], range: range)
            #expect(again == nil)
            try await house.gaps.recordAdded(gap.id, rows: 5)
            #expect(try await house.gaps.list() == [try #require(closed)])
        }
    }

    @Test func makesAGapByHand() async throws {
        try await BackfillHouse.with { house in
            let gap = try await house.gaps.request(house.connection, range: Self.start..<Self.now)
            #expect(gap.cause == .requested && gap.backfillFrom == Self.start && gap.endedAt == Self.now)
            #expect(try await house.gaps.repairable(house.connection) == [gap])
        }
    }

    @Test func knowsEntitiesStatesAndTypesOfItsConnectionAlone() async throws {
        try await BackfillHouse.with { house in
            let other = BackfillHouse(
                pool: house.pool, session: house.session,
                connection: try await BackfillHouse.addConnection(house.pool, "other"))
            try await house.receive([
                Live.state("sensor.a", "1", at: Self.start),
                Live.state("sensor.a", "2", at: Self.start.adding(seconds: 10)),
                Live.state("sensor.b", "x", at: Self.start),
                Live.removal("sensor.b", old: "x", at: Self.start.adding(seconds: 1)),
                Live.event("lab_ok", at: Self.start), Live.event("call_service", at: Self.start.adding(seconds: 1)),
            ])
            try await other.receive([
                Live.state("sensor.a", "9", at: Self.start.adding(seconds: 5)),
                Live.state("sensor.z", "9", at: Self.start),
                Live.event("theirs", at: Self.start),
            ])
            #expect(try await house.gaps.knownEntities(house.connection) == ["sensor.a", "sensor.b"])
            #expect(try await house.gaps.knownEntities(other.connection) == ["sensor.a", "sensor.z"])
            #expect(try await house.gaps.knownEntities(ConnectionID()).isEmpty)
            let entities = ["sensor.a", "sensor.b", "sensor.none", "odd\u{0}"]
            func states(_ seconds: Int64) async throws -> [String: String] {
                try await house.gaps.latestStates(
                    of: entities, connection: house.connection, before: Self.start.adding(seconds: seconds))
            }
            #expect(try await states(0) == [:])
            #expect(try await states(1) == ["sensor.a": "1", "sensor.b": "x"])
            #expect(try await states(10) == ["sensor.a": "1"])
            #expect(try await states(11) == ["sensor.a": "2"])
            #expect(try await house.gaps.otherEventTypes(house.connection) == ["call_service", "lab_ok"])
            #expect(try await house.gaps.otherEventTypes(other.connection) == ["theirs"])
            #expect(try await house.gaps.otherEventTypes(ConnectionID()).isEmpty)
            #expect(try await house.gaps.hasLiveStates(house.connection, before: Self.start.adding(seconds: 1)))
            #expect(try await !house.gaps.hasLiveStates(house.connection, before: Self.start))
        }
    }
}
