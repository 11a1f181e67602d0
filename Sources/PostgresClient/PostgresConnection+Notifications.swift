import CLibPQ

extension PostgresConnection {
    /// What arrived on the channels listened to; waits for the first one, but at most for the span given, and returns an empty
    /// list then or when the task is cancelled.
    ///
    /// Holds the connection's thread meanwhile: a listener has a connection of its own. When nothing came, the server is asked for a
    /// sign of life, since a frozen one is as silent as one with nothing to say. Throws `.connectionLost`, `.deadlineExceeded`.
    package func notifications(
        waitingAtMost span: Duration
    ) async throws(PostgresError) -> [PostgresNotification] {
        wake.clear()
        let result = await withTaskCancellationHandler {
            awaitNotifications(until: Deadline(after: span))
        } onCancel: {
            wake.signal()
        }
        return try result.get()
    }

    private func awaitNotifications(until deadline: Deadline) -> Result<[PostgresNotification], PostgresError> {
        do throws(PostgresError) {
            while true {
                let handle = try session(for: "notifications")
                let found = pendingNotifications(handle)
                if !found.isEmpty { return .success(found) }
                if deadline.hasPassed {
                    try ping(deadline: .seconds(5))
                    return .success(pendingNotifications(handle))
                }
                let readiness = Readiness.wait(for: .read, on: handle.socket, wake: wake, deadline: deadline)
                if readiness.contains(.woken) { return .success([]) }
                if readiness.contains(.read), PQconsumeInput(handle.raw) == 0 {
                    let text = ErrorText.oneLine(ErrorText.removing(configuration.secrets, from: handle.errorText))
                    self.handle = nil
                    throw PostgresError(.connectionLost, "The connection to PostgreSQL was lost: \(text)")
                }
            }
        } catch {
            return error.code == .cancelled ? .success([]) : .failure(error)
        }
    }

    private func pendingNotifications(_ handle: ConnectionHandle) -> [PostgresNotification] {
        var found: [PostgresNotification] = []
        while let raw = PQnotifies(handle.raw) {
            defer { PQfreemem(raw) }
            let channel = raw.pointee.relname.map { String(cString: $0) } ?? ""
            let payload = raw.pointee.extra.map { String(cString: $0) } ?? ""
            found.append(PostgresNotification(channel: channel, payload: payload))
        }
        return found
    }
}
