import BridgeCore
import Store
import Testing

@testable import Ingest

struct LeaseBookTests {
    @Test func keepsWhatIsHeldAndForgetsWhatIsLost() {
        let book = LeaseBook(bridge: BridgeID())
        let (home, barn) = (ConnectionID(), ConnectionID())
        #expect(book.epoch(of: home) == nil && book.claims(for: home) == nil)
        book.add([home: 3, barn: 1])
        #expect(book.epoch(of: home) == 3 && book.count == 2)
        #expect(book.claims == LeaseClaims(bridge: book.bridge, epochs: [home: 3, barn: 1]))
        // The refusal of an older claim says nothing about the lease that was acquired since.
        #expect(!book.markLost(home, epoch: 2))
        #expect(book.epoch(of: home) == 3)
        #expect(book.markLost(home, epoch: 3))
        #expect(!book.markLost(home))
        book.giveUp([home, barn])
        #expect(book.leases[barn]?.isGivenUp == true && book.epoch(of: barn) == 1)
        book.removeAll()
        #expect(book.count == 0)
    }

    @Test func tellsEveryObserverThatSomethingChanged() async {
        let book = LeaseBook(bridge: BridgeID())
        let home = ConnectionID()
        var first = book.changes().makeAsyncIterator()
        var second = book.changes().makeAsyncIterator()
        await first.next()
        await second.next()
        book.add([home: 1])
        await first.next()
        await second.next()
        // Only a change is one: what follows must be the one below.
        book.add([:])
        book.markLost(ConnectionID())
        book.giveUp([home])
        book.giveUp([home])
        await first.next()
        #expect(book.leases[home]?.isGivenUp == true)
        book.markLost(home)
        await first.next()
        #expect(book.count == 0)
    }
}
