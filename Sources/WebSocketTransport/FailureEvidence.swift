#if canImport(Glibc)
    import Glibc
#endif

/// What was observed of a connection, from which its end is explained. The texts of libwebsockets are no part of it: they differ
/// from version to version.
struct FailureEvidence: Sendable {
    /// TCP is connected.
    var isConnected = false
    /// The certificate failed the verification.
    var certificate: WebSocketClosure.TLSFailure?
    /// The request for the upgrade, or one of HTTP, may be sent, so TLS, if any, is agreed.
    var isUpgradeRequested = false
    /// The status of the answer to it, if one came.
    var httpStatus: Int?
    /// The code of the peer's close frame, if one came.
    var peerCloseCode: UInt16?
    /// The peer ended TCP or TLS.
    var peerEnded = false
    /// Nothing was heard of the peer for this many whole seconds.
    var silentSeconds = 0
    /// The errno of a fresh attempt to connect, made because the library does not tell the first one's.
    var connectError: Int32?

    /// Explains a failure before the connection was established.
    func handshakeFailure(of target: WebSocketTarget) -> WebSocketClosure {
        let place = target.display
        if let certificate { return Self.tls(certificate, target) }
        if !isConnected { return Self.unconnected(place, errno: connectError ?? ECONNREFUSED) }
        if target.isSecure && !isUpgradeRequested { return Self.tls(.other, target) }
        guard let status = httpStatus else {
            return WebSocketClosure(
                kind: .reset,
                message: "\(place) closed the connection before it answered the WebSocket handshake. "
                    + "Check that Home Assistant listens on this port and whether the URL needs https.")
        }
        return Self.status(status, place)
    }

    /// Explains a handshake that took too long.
    func handshakeTimeout(of target: WebSocketTarget) -> WebSocketClosure {
        let place = target.display
        let limit = Self.text(target.handshakeTimeout)
        let message =
            if !isConnected {
                "\(place) did not answer within \(limit). Check that the machine is on and the port is not blocked."
            } else if target.isSecure && !isUpgradeRequested {
                "\(place) accepted the connection but did not finish the TLS handshake within \(limit)."
            } else {
                "\(place) accepted the connection but did not answer the WebSocket handshake within \(limit)."
            }
        return WebSocketClosure(kind: .timeout, message: message)
    }

    /// Explains the end of an established connection that this side did not ask for.
    func disconnection(from target: WebSocketTarget, hangUpAfter: Int) -> WebSocketClosure {
        let place = target.display
        if let code = peerCloseCode {
            return WebSocketClosure(
                kind: .peerClosed(code: code), message: "\(place) closed the connection (code \(code)).")
        }
        if peerEnded {
            return WebSocketClosure(
                kind: .reset, message: "The connection to \(place) broke off without a close frame.")
        }
        if silentSeconds >= hangUpAfter {
            return WebSocketClosure(
                kind: .timeout, message: "\(place) sent nothing for \(silentSeconds) s and did not answer a ping.")
        }
        return WebSocketClosure(
            kind: .invalidFrame, message: "\(place) sent something that the WebSocket protocol does not allow.")
    }

    static func unconnected(_ place: String, errno code: Int32) -> WebSocketClosure {
        switch code {
        case ECONNREFUSED:
            return WebSocketClosure(
                kind: .refused,
                message: "Cannot reach \(place) (connection refused). Check that Home Assistant runs and listens there."
            )
        case ECONNRESET, ECONNABORTED:
            return WebSocketClosure(kind: .reset, message: "\(place) reset the connection while it was being made.")
        case ETIMEDOUT, EINPROGRESS:
            return WebSocketClosure(
                kind: .unreachable, message: "Cannot reach \(place) (no answer). Check that the machine is on.")
        case ENETUNREACH, EHOSTUNREACH, EHOSTDOWN, ENETDOWN:
            return WebSocketClosure(
                kind: .unreachable, message: "Cannot reach \(place) (no route to the host). Check the network.")
        case EMFILE, ENFILE:
            return WebSocketClosure(
                kind: .unreachable,
                message: "Cannot connect to \(place): this process has too many open files. Raise its limit (nofile).")
        default:
            return WebSocketClosure(
                kind: .unreachable, message: "Cannot connect to \(place) (system error \(code)). Check the network.")
        }
    }

    private static func tls(_ failure: WebSocketClosure.TLSFailure, _ target: WebSocketTarget) -> WebSocketClosure {
        let place = target.display
        let message =
            switch failure {
            case .expired: "The certificate of \(place) has expired. Renew it."
            case .notYetValid: "The certificate of \(place) is not valid yet. Check the clocks of both machines."
            case .wrongHost:
                "The certificate of \(place) was not issued for \(target.host). Use the name that it was issued for."
            case .wrongKey:
                "The certificate of \(place) has another public key than the one that is pinned. If it was given a new key, "
                    + "pin that with connection set-tls; if not, somebody is in between."
            case .untrusted where target.trust.authority != nil:
                "The certificate of \(place) was not issued by the authority that is stored for this connection. If it was "
                    + "given a new one, store that with connection set-tls; if not, somebody is in between."
            case .untrusted:
                "The certificate of \(place) is self-signed or from an authority that this machine does not trust. "
                    + "Give the connection its authority: connection set-tls --ca-file FILE."
            case .other:
                "\(place) and this machine could not agree on TLS. Check that the port speaks https, TLS 1.2 or newer."
            }
        return WebSocketClosure(kind: .tlsFailed(failure), message: message)
    }

    private static func status(_ status: Int, _ place: String) -> WebSocketClosure {
        let answered = "\(place) answered the WebSocket handshake with HTTP status \(status)"
        switch status {
        case 101:
            return WebSocketClosure(
                kind: .invalidFrame, message: "\(place) answered the WebSocket handshake in a way that is not allowed.")
        case 300..<400:
            return WebSocketClosure(
                kind: .redirected(status),
                message: "\(answered), a redirect. Redirects are not followed: store the URL that it leads to.")
        case 401:
            return WebSocketClosure(
                kind: .httpStatus(status),
                message: "\(answered). Something in front of Home Assistant asks for credentials of its own.")
        case 403:
            return WebSocketClosure(
                kind: .httpStatus(status),
                message: "\(answered). Home Assistant has banned this machine's address: remove it from ip_bans.yaml "
                    + "and restart Home Assistant.")
        case 404:
            return WebSocketClosure(
                kind: .httpStatus(status), message: "\(answered): no Home Assistant lives there. Check the URL's path.")
        case 500...:
            return WebSocketClosure(
                kind: .httpStatus(status),
                message: "\(answered). Home Assistant or the proxy in front of it is not ready.")
        default:
            return WebSocketClosure(kind: .httpStatus(status), message: "\(answered). Check the URL.")
        }
    }

    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let tenths = seconds * 10 + attoseconds / 100_000_000_000_000_000
        return tenths % 10 == 0 || tenths > 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
