/// Why a connection ended, or never came to be.
package struct WebSocketClosure: Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with the server's TLS.
    package enum TLSFailure: String, Sendable, Hashable, CaseIterable {
        case expired
        case notYetValid
        case wrongHost
        /// Self-signed, or issued by an authority that this machine does not trust.
        case untrusted
        /// Another public key than the pinned one.
        case wrongKey
        /// No TLS was agreed: an old version, a peer that speaks plain HTTP, a peer that hung up.
        case other
    }

    /// The cause; the set is closed, so that it can be a label of a metric.
    package enum Kind: Sendable, Hashable {
        /// The peer sent a close frame. Home Assistant uses 1000 for everything, a revoked token as well as a restart.
        case peerClosed(code: UInt16)
        case refused
        /// No route, network down, or a fault of this machine while connecting.
        case unreachable
        /// The handshake took too long, or the peer went silent.
        case timeout
        case tlsFailed(TLSFailure)
        /// The handshake was answered with this status instead of 101.
        case httpStatus(Int)
        /// The handshake was answered with a redirect, which is never followed: the token would go elsewhere.
        case redirected(Int)
        /// The connection ended without a close frame.
        case reset
        case messageTooBig
        /// The peer broke the WebSocket protocol.
        case invalidFrame
        /// This side closed: `close`, `shutdown`, or a target that must not be tried.
        case local
    }

    package let kind: Kind

    /// A sentence for a person. It never holds bytes that the peer sent.
    package let message: String

    package init(kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }

    /// The cause as a bounded text for metrics and audit rows.
    package var label: String {
        switch kind {
        case .peerClosed: "peer_closed"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .timeout: "timeout"
        case .tlsFailed(let failure): "tls_\(failure.rawValue)"
        case .httpStatus: "http_status"
        case .redirected: "redirected"
        case .reset: "reset"
        case .messageTooBig: "message_too_big"
        case .invalidFrame: "invalid_frame"
        case .local: "local"
        }
    }
}
