import WebSocketTransport

extension WebSocketClosure {
    /// Whether another address of the same host may do better: the peer was never reached, so nothing about it is known.
    var isWorthAnotherAddress: Bool {
        switch kind {
        case .refused, .unreachable, .timeout, .reset: true
        default: false
        }
    }

    /// The closed set of reasons that metrics and audit rows use.
    var failureKind: FailureKind {
        switch kind {
        case .timeout: .timeout
        case .tlsFailed(.wrongKey): .pinnedKey
        case .tlsFailed: .tls
        case .httpStatus, .redirected: .http
        case .messageTooBig, .invalidFrame: .protocolViolation
        default: .transport
        }
    }
}
