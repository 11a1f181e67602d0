import BridgeCore

/// How a person's word came to the bridge, for the audit trail.
package struct ActOrigin: Sendable, Equatable {
    /// `on the command line`, `by phone`, `in the console`.
    package let way: String
    /// The numeric address of the other end, where the word came over a network.
    package let address: String?
    /// Names the session or token that it came with, and grants nothing.
    package let session: String?

    package static let commandLine = ActOrigin("on the command line")
    package static let phone = ActOrigin("by phone")

    /// From the console: the page or a script.
    package static func console(from address: String, session: String) -> ActOrigin {
        ActOrigin("in the console", address: address, session: session)
    }

    private init(_ way: String, address: String? = nil, session: String? = nil) {
        self.way = way
        self.address = address
        self.session = session
    }

    /// The way with a blank before it, where it is not what goes without saying.
    var wayUnlessCommandLine: String { self == .commandLine ? "" : " " + way }

    /// What a row keeps that has no columns for it; `nil` for the command line.
    var json: String? {
        guard self != .commandLine else { return nil }
        return try? JSONValue.object([
            "way": .string(way), "address": .optional(address), "session": .optional(session),
        ]).text(indented: false)
    }
}
