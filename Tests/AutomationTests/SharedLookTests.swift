import BridgeConcurrency
import BridgeCore
import Testing

@testable import Automation

@Suite struct SharedLookTests {
    private struct Failure: Error {}

    /// A database that counts the looks.
    private final class Database: Sendable {
        let looks = LockedBox(0)
        let answer = LockedBox<Result<Set<ConnectionID>, Failure>>(.success([]))
        func look() throws -> Set<ConnectionID> {
            looks.withLock { $0 += 1 }
            return try answer.withLock { try $0.get() }
        }
    }

    private let database = Database()

    private func shared(_ age: Duration) -> SharedLook { SharedLook(age: age) { [database] in try database.look() } }

    @Test func oneLookServesAllHouses() async throws {
        let busy = ConnectionID()
        database.answer.withLock { $0 = .success([busy]) }
        let look = shared(.seconds(3_600))
        let found = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { try await look.finds(ConnectionID()) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(found == 0)
        #expect(try await look.finds(busy))
        #expect(database.looks.withLock { $0 } == 1)
    }

    @Test func newsAndAgeMakeItLookAgain() async throws {
        let house = ConnectionID()
        let look = shared(.seconds(3_600))
        let isBusy = try await look.finds(house)
        #expect(!isBusy)
        database.answer.withLock { $0 = .success([house]) }
        let news = ContinuousClock.now
        let isStillQuiet = try await !look.finds(house)
        #expect(isStillQuiet)
        #expect(try await look.finds(house, since: news))
        #expect(try await look.finds(house, since: news))
        #expect(database.looks.withLock { $0 } == 2)

        let impatient = shared(.zero)
        for _ in 0..<3 { _ = try await impatient.finds(house) }
        #expect(database.looks.withLock { $0 } == 5)
    }

    @Test func aFailureIsNotRemembered() async throws {
        let look = shared(.seconds(3_600))
        database.answer.withLock { $0 = .failure(Failure()) }
        await #expect(throws: Failure.self) { try await look.finds(ConnectionID()) }
        database.answer.withLock { $0 = .success([]) }
        let isBusy = try await look.finds(ConnectionID())
        #expect(!isBusy)
    }
}
