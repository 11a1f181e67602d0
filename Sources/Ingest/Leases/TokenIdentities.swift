import BridgeCore
import Cryptography
import Store

/// Which token a connection has, however it is sealed.
enum TokenIdentity: Hashable, Sendable {
    /// The SHA-256 of a token that opens. It is kept in memory alone, and says nothing of a token that nobody can guess.
    case opened(String)
    /// The text of a token that does not open.
    case sealed(String)
}

/// Tells a new token from one that was sealed anew, so that a rotation of keys interrupts no session. Opens a token when its text
/// changes, and again and again as long as it does not open: the keyring may change.
struct TokenIdentities {
    private struct Known {
        let sealedToken: String
        let binding: TokenBinding
        let identity: TokenIdentity
    }

    private let sealer: TokenSealer
    private var known: [ConnectionID: Known] = [:]

    init(sealer: TokenSealer) { self.sealer = sealer }

    /// The identity of each connection's token; those that are not asked for are forgotten.
    mutating func of(_ connections: [StoredConnection]) -> [ConnectionID: TokenIdentity] {
        // Also where no token is to be opened, so that a keyring that cannot be used is told of before it is needed.
        _ = sealer.primaryKeyID
        var identities: [ConnectionID: TokenIdentity] = [:]
        var opened: [ConnectionID: Known] = [:]
        for connection in connections {
            let sealed = connection.sealedToken
            identities[connection.id] = .sealed(sealed)
            guard let binding = try? connection.tokenBinding() else { continue }
            if let before = known[connection.id], before.sealedToken == sealed, before.binding == binding {
                opened[connection.id] = before
                identities[connection.id] = before.identity
            } else if let token = try? sealer.open(sealed, for: binding),
                let digest = try? token.withBytes({ try sha256Hex($0) })
            {
                opened[connection.id] = Known(sealedToken: sealed, binding: binding, identity: .opened(digest))
                identities[connection.id] = .opened(digest)
            }
        }
        known = opened
        return identities
    }
}
