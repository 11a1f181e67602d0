import BridgeCore
import FoundationEssentials

/// What to do about an error; decided here and nowhere else.
extension PostgresError {
    /// True when the same work may succeed later without anyone doing anything: serialisation failures and deadlocks (40001,
    /// 40P01), lost or refused sessions (08*, 57P0x, 25P03, 25P04 and whatever else ended one), resources (53*), the machine's
    /// disk (58*), locks (55P03), a standby (25006), a cancelled query (57014), and failures on the way to the server.
    package var isRetriable: Bool {
        // A person must act first, though a session was lost over it: a password that was changed, say.
        guard !needsAttention else { return false }
        switch code {
        case .connectionFailed, .connectionLost, .deadlineExceeded: return true
        case .cancelled, .server, .protocolViolation, .configuration, .decoding: break
        }
        switch sqlState {
        case "40001", "40P01", "55P03", "25006", "25P03", "25P04", "57014": return true
        case let state?:
            return ["08", "53", "57P0", "58"].contains { state.hasPrefix($0) }
        case nil: return false
        }
    }

    /// True when the session cannot be used again, or is one to the wrong server: open another.
    package var isConnectionLoss: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .deadlineExceeded: return true
        case .cancelled, .server, .protocolViolation, .configuration, .decoding: break
        }
        guard let sqlState else { return false }
        return isWrongServer || sqlState.hasPrefix("08") || sqlState.hasPrefix("57P0")
            || ["25P03", "25P04"].contains(sqlState)
    }

    /// True when the server only reads: a standby, a primary that was taken back, or `default_transaction_read_only` (25006).
    package var isWrongServer: Bool { sqlState == "25006" }

    /// True when another bridge holds the lease that the transaction relied on: HB001, this program's own.
    package var isLostLease: Bool { sqlState == "HB001" }

    /// The connection whose lease another bridge holds; `nil` for any other error.
    package var lostLease: ConnectionID? {
        guard isLostLease, let detail, let id = UUID(uuidString: detail) else { return nil }
        return ConnectionID(id)
    }

    /// True when the value was sealed with a key that a rotation has retired meanwhile: HB005, this program's own.
    package var isRetiredKey: Bool { sqlState == "HB005" }

    /// True when this row will never be accepted as it is: 22*, 23502, 23514, 54*.
    package var rejectsData: Bool {
        guard let sqlState else { return false }
        return sqlState == "23502" || sqlState == "23514" || sqlState.hasPrefix("22") || sqlState.hasPrefix("54")
    }

    /// True when a lock was not to be had within `lock_timeout`, or at once (55P03).
    package var isLockTimeout: Bool { sqlState == "55P03" }

    /// True when the key exists already: 23505.
    package var isDuplicate: Bool { sqlState == "23505" }

    /// True when only a person can help: wrong credentials or rights (28*, 42*), a database or schema that is not there (3D000,
    /// 3F000), or a wrong connection string. The server was reached: do not call it unreachable.
    package var needsAttention: Bool {
        if code == .configuration { return true }
        guard let sqlState else { return false }
        return ["28", "42", "3D000", "3F000"].contains { sqlState.hasPrefix($0) }
    }

    /// What kind of trouble this is, as the beginning of a sentence for a person; the error itself tells the rest.
    package var headline: String {
        if isWrongServer { return "The database takes no writes" }
        if needsAttention { return "The database refuses this login, and a person must mend it" }
        return "The database cannot be reached"
    }
}
