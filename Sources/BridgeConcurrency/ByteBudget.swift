/// Bounds the bytes that wait, in all and for each holder, so that memory cannot grow with the length of an outage.
package final class ByteBudget<Holder: Hashable & Sendable>: Sendable {
    private struct State {
        var total = 0
        var held: [Holder: Int] = [:]
    }

    private let state = LockedBox(State())
    /// What all holders together may hold.
    package let totalLimit: Int
    /// What one holder may hold.
    package let holderLimit: Int

    /// A budget in bytes.
    package init(totalLimit: Int, holderLimit: Int) {
        self.totalLimit = totalLimit
        self.holderLimit = holderLimit
    }

    /// Takes `bytes` and returns whether all limits still hold. What has arrived must be held in any case; it is the caller's
    /// turn to see that nothing more arrives until `hasRoom`.
    package func take(_ bytes: Int, for holder: Holder) -> Bool {
        state.withLock { state in
            let held = state.held[holder, default: 0] + bytes
            state.total += bytes
            state.held[holder] = held
            return state.total < totalLimit && held < holderLimit
        }
    }

    /// Gives back what `take` took.
    package func release(_ bytes: Int, for holder: Holder) {
        state.withLock { state in
            state.total -= bytes
            let held = state.held[holder, default: 0] - bytes
            state.held[holder] = held > 0 ? held : nil
        }
    }

    /// Whether so much has been given back that a stopped holder may go on: to 80 percent, so that it does not flutter.
    package func hasRoom(for holder: Holder) -> Bool {
        state.withLock { state in
            state.total < totalLimit / 5 * 4 && state.held[holder, default: 0] < holderLimit / 5 * 4
        }
    }

    /// Bytes held by all.
    package var total: Int { state.withLock { $0.total } }
}
