/// What to do about an error; decided here and nowhere else.
extension PostgresError {
    /// True when the same work may succeed later without anyone doing anything: serialisation failures and deadlocks (40001,
    /// 40P01), lost or refused sessions (08*, 57P0x), resources (53*), locks (55P03), a standby (25006), a cancelled query
    /// (57014), and failures on the way to the server.
    package var isRetriable: Bool {
        guard let sqlState else {
            switch code {
            case .connectionFailed, .connectionLost, .deadlineExceeded: return true
            case .cancelled, .server, .protocolViolation, .configuration, .decoding: return false
            }
        }
        switch sqlState {
        case "40001", "40P01", "55P03", "25006", "57014": return true
        default: return sqlState.hasPrefix("08") || sqlState.hasPrefix("53") || sqlState.hasPrefix("57P0")
        }
    }

    /// True when the session cannot be used again, or is one to the wrong server: open another.
    package var isConnectionLoss: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .deadlineExceeded: return true
        case .cancelled, .server, .protocolViolation, .configuration, .decoding: break
        }
        guard let sqlState else { return false }
        return sqlState == "25006" || sqlState.hasPrefix("08") || sqlState.hasPrefix("57P0")
    }

    /// True when this row will never be accepted as it is: 22*, 23502, 23514, 54*.
    package var rejectsData: Bool {
        guard let sqlState else { return false }
        return sqlState == "23502" || sqlState == "23514" || sqlState.hasPrefix("22") || sqlState.hasPrefix("54")
    }

    /// True when the key exists already: 23505.
    package var isDuplicate: Bool { sqlState == "23505" }

    /// True when only a person can help: wrong credentials or rights (28*, 42*) or a wrong connection string.
    package var needsAttention: Bool {
        if code == .configuration { return true }
        guard let sqlState else { return false }
        return sqlState.hasPrefix("28") || sqlState.hasPrefix("42")
    }
}
