/// What a `FaultProxy` does to the bytes of each connection, one direction apart from the other.
package struct FaultPlan: Sendable, Equatable {
    /// From the client to the server.
    package var toServer: FaultLink
    /// From the server to the client.
    package var toClient: FaultLink
    /// The number of connections that it strikes, open ones from the newest and then new ones; the others pass unharmed. `nil`: all.
    package var connections: Int?

    /// A plan; without arguments everything passes at once.
    package init(toServer: FaultLink = FaultLink(), toClient: FaultLink = FaultLink(), connections: Int? = nil) {
        self.toServer = toServer
        self.toClient = toClient
        self.connections = connections
    }

    /// Everything passes at once.
    package static let none = FaultPlan()

    /// One fault of those that a network does to one connection, chosen by the generator: a slow line, or an ending after so many
    /// bytes of a direction. The ranges should fit what the protocol sends.
    package static func random(
        using generator: inout some RandomNumberGenerator, bytesToServer: ClosedRange<Int> = 0...200_000,
        bytesToClient: ClosedRange<Int> = 0...200_000
    ) -> FaultPlan {
        let strikesToServer = Bool.random(using: &generator)
        var link = FaultLink()
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: link.delay = .milliseconds(Int.random(in: 1...500, using: &generator))
        case 1: link.bytesPerSecond = Int.random(in: 1_000...100_000, using: &generator)
        default:
            let kind = FaultEnding.Kind.allCases.randomElement(using: &generator) ?? .reset
            link.ending = FaultEnding(
                kind, afterBytes: Int.random(in: strikesToServer ? bytesToServer : bytesToClient, using: &generator))
        }
        var plan = FaultPlan(connections: 1)
        if strikesToServer { plan.toServer = link } else { plan.toClient = link }
        return plan
    }
}

/// What happens to the bytes of one direction.
package struct FaultLink: Sendable, Equatable {
    /// Each byte arrives this much later. The order stays.
    package var delay: Duration
    /// No more bytes than this pass in a second; `nil`: as many as come.
    package var bytesPerSecond: Int?
    /// How the connection ends.
    package var ending: FaultEnding?

    /// A link; without arguments everything passes at once.
    package init(delay: Duration = .zero, bytesPerSecond: Int? = nil, ending: FaultEnding? = nil) {
        self.delay = delay
        self.bytesPerSecond = bytesPerSecond
        self.ending = ending
    }
}

/// How a connection ends, and when.
package struct FaultEnding: Sendable, Equatable {
    /// The ways in which a connection ends.
    package enum Kind: Sendable, CaseIterable {
        /// Both sides see an orderly end.
        case close
        /// Both sides see a reset.
        case reset
        /// The receiver of this direction sees its end; what is sent after that is swallowed. The other direction goes on.
        case halfClose
        /// Nothing passes in either direction, and nobody is told.
        case blackhole
    }

    /// What happens.
    package var kind: Kind
    /// Exactly so many bytes of the direction pass before it does.
    package var afterBytes: Int

    /// An ending after so many bytes.
    package init(_ kind: Kind, afterBytes: Int) {
        self.kind = kind
        self.afterBytes = max(afterBytes, 0)
    }
}

/// A generator that gives the same numbers for the same seed on every machine (SplitMix64).
package struct FaultRandom: RandomNumberGenerator, Sendable {
    /// What it was started with, for the test's output.
    package let seed: UInt64
    private var state: UInt64

    /// Starts with a seed; without one, with a random seed that the test must print.
    package init(seed: UInt64 = .random(in: 0 ... .max)) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
