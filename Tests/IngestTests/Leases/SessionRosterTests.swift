import BridgeCore
@testable import Store
import Testing

@testable import Ingest

struct SessionRosterTests {
    private let home = ConnectionID()
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func stored(url: String = "http://home:8123", isPaused: Bool = false) -> StoredConnection {
        StoredConnection(
            id: home, userID: UserID(home.uuid), username: "anna", name: "home", url: url, sealedToken: "v1.x",
            status: .connected, homeAssistantVersion: nil, supportedFeatures: [], isAdmin: nil, timeZone: nil,
            locationName: nil, pausedAt: isPaused ? .now : nil, removedAt: nil,
            createdAt: Timestamp(microseconds: 0), updatedAt: Timestamp(microseconds: 0), lastConnectedAt: nil,
            lastSeenAt: nil, health: nil, trust: .system)
    }

    private func lease(_ epoch: Int64, since: Int = 1, isGivenUp: Bool = false) -> [ConnectionID: LeaseBook.Lease] {
        let book = LeaseBook(bridge: BridgeID())
        book.add([home: epoch], now: at(since))
        if isGivenUp { book.giveUp([home]) }
        return book.leases
    }

    /// A roster whose one session runs under epoch 4.
    private func running() -> SessionRoster {
        var roster = SessionRoster()
        _ = roster.on(stored: [stored()], readAt: at(0))
        _ = roster.on(leases: lease(4))
        return roster
    }

    @Test func aSessionOutlivesARotationOfKeysAndNoOtherToken() {
        var roster = SessionRoster()
        _ = roster.on(stored: [stored()], tokens: [home: .opened("a")], readAt: at(0))
        _ = roster.on(leases: lease(4))
        #expect(roster.on(stored: [stored()], tokens: [home: .opened("a")], readAt: at(5)) == [])
        #expect(
            roster.on(stored: [stored()], tokens: [home: .opened("b")], readAt: at(6)) == [.end(home, drains: false)])
    }

    @Test func aSessionStartsWhenItsConnectionIsWantedAndHeld() {
        var roster = SessionRoster()
        let connection = stored()
        #expect(roster.on(stored: [connection], readAt: at(0)) == [])
        #expect(roster.on(leases: lease(4)) == [.start(connection, epoch: 4)])
        #expect(roster.on(leases: lease(4)) == [])

        var other = SessionRoster()
        #expect(other.on(leases: lease(4)) == [])
        #expect(other.on(stored: [connection], readAt: at(0)) == [.start(connection, epoch: 4)])
    }

    @Test func aLostLeaseEndsTheSessionAtOnce() {
        var roster = running()
        #expect(roster.on(leases: [:]) == [.end(home, drains: false)])
        #expect(roster.on(ended: home) == [.forget(home, paused: nil)])
    }

    @Test func theNextSessionWaitsForTheEndOfTheOneBefore() {
        var roster = running()
        #expect(roster.on(leases: [:]) == [.end(home, drains: false)])
        #expect(roster.on(leases: lease(6)) == [])
        #expect(roster.on(ended: home) == [.start(stored(), epoch: 6)])
        let moved = stored(url: "http://new:8123")
        #expect(roster.on(stored: [moved], readAt: at(9)) == [.end(home, drains: false)])
        #expect(roster.on(stored: [moved], readAt: at(10)) == [])
        #expect(roster.on(ended: home) == [.start(moved, epoch: 6)])
    }

    @Test func aSurplusIsWrittenOutAndThenReleased() {
        var roster = running()
        #expect(roster.on(leases: lease(4, isGivenUp: true)) == [.end(home, drains: true)])
        #expect(roster.on(ended: home) == [.forget(home, paused: nil), .release(home, epoch: 4)])
        #expect(roster.on(leases: lease(4, isGivenUp: true)) == [])
        #expect(roster.on(leases: [:]) == [])
        #expect(roster.on(leases: lease(7)) == [.start(stored(), epoch: 7)])
    }

    @Test func aPausedConnectionIsReleasedAfterItsSessionHasEnded() {
        var roster = running()
        #expect(roster.on(stored: [stored(isPaused: true)], readAt: at(5)) == [.end(home, drains: true)])
        #expect(roster.on(ended: home) == [.forget(home, paused: "home"), .release(home, epoch: 4)])
        // Resumed before the keeper has released: that lease is not used any more.
        #expect(roster.on(stored: [stored()], readAt: at(6)) == [])
        #expect(roster.on(leases: [:]) == [])
        #expect(roster.on(leases: lease(5)) == [.start(stored(), epoch: 5)])
    }

    @Test func aListFromBeforeTheAcquisitionSaysNothingAgainstIt() {
        var roster = SessionRoster()
        _ = roster.on(stored: [], readAt: at(0))
        #expect(roster.on(leases: lease(1, since: 2)) == [])
        #expect(roster.on(stored: [stored(isPaused: true)], readAt: at(1)) == [])
        var other = roster
        #expect(roster.on(stored: [stored()], readAt: at(3)) == [.start(stored(), epoch: 1)])
        #expect(other.on(stored: [], readAt: at(3)) == [.release(home, epoch: 1)])
    }

    @Test func aSessionThatEndedByItselfWaitsForAChange() {
        var roster = running()
        #expect(roster.on(ended: home) == [])
        #expect(roster.on(leases: lease(4)) == [])
        let moved = stored(url: "http://new:8123")
        #expect(roster.on(stored: [moved], readAt: at(9)) == [.start(moved, epoch: 4)])
    }
}
