import BridgeConcurrency
import CLibPQ

extension PostgresConnection {
    /// Runs `COPY … FROM STDIN` with a whole stream in pieces and returns the number of rows stored.
    ///
    /// The pieces are sent as they are, without a copy, and may be cut anywhere. The server's final word decides: an error means
    /// that no row was stored; a lost connection outside a transaction means that it is unknown.
    package func copyIn(
        _ sql: String, chunks: [[UInt8]], name: String? = nil, deadline: Duration = .seconds(30)
    ) throws(PostgresError) -> Int {
        do throws(PostgresError) {
            let deadline = bounded(deadline)
            let handle = try beginCopy(sql, expecting: PGRES_COPY_IN, name: name, deadline: deadline)
            let middle = chunks.reduce(0) { $0 + $1.count } / 2
            var sent = 0
            for chunk in chunks {
                let isOpen = try chunk.withUnsafeBufferPointer { (bytes) throws(PostgresError) -> Bool in
                    try put(bytes, handle, middle: middle - sent, deadline: deadline)
                }
                // The results below tell why.
                guard isOpen else { break }
                sent += chunk.count
            }
            while true {
                let status = PQputCopyEnd(handle.raw, nil)
                if status > 0 { break }
                guard status == 0, handle.socket >= 0 else { break }
                guard !deadline.hasPassed else { throw giveUp(handle, deadline) }
                try flush(handle, deadline: deadline)
            }
            guard let result = try finishCopy(handle, deadline: deadline) else {
                throw PostgresError(.protocolViolation, "PostgreSQL ended COPY without a result")
            }
            return result.affectedRows
        } catch {
            throw error.named(name)
        }
    }

    /// Runs `COPY … TO STDOUT` and returns the whole stream; for small results, since all of it is held.
    package func copyOut(
        _ sql: String, name: String? = nil, deadline: Duration = .seconds(30)
    ) throws(PostgresError) -> [UInt8] {
        do throws(PostgresError) {
            let deadline = bounded(deadline)
            let handle = try beginCopy(sql, expecting: PGRES_COPY_OUT, name: name, deadline: deadline)
            var bytes: [UInt8] = []
            while true {
                var row: UnsafeMutablePointer<CChar>?
                let count = PQgetCopyData(handle.raw, &row, 1)
                if count > 0 {
                    bytes.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
                    PQfreemem(row)
                    continue
                }
                guard count == 0, handle.socket >= 0 else { break }
                _ = try self.await(.read, handle, deadline: deadline)
                if PQconsumeInput(handle.raw) == 0 { break }
            }
            _ = try finishCopy(handle, deadline: deadline)
            return bytes
        } catch {
            throw error.named(name)
        }
    }

    /// How much goes into one CopyData message. libpq copies a message into its own buffer, and each is flushed before the next is
    /// handed over: that buffer never holds more, however slow the server is.
    private static var messageBytes: Int { 65_536 }

    private func beginCopy(
        _ sql: String, expecting status: ExecStatusType, name: String?, deadline: Deadline
    ) throws(PostgresError) -> ConnectionHandle {
        let handle = try session(for: name ?? "COPY")
        guard PQsendQuery(handle.raw, sql) == 1 else { throw notSent(handle) }
        let first = try nextResult(handle, deadline: deadline)
        if let first, first.status == status { return handle }
        _ = try finish(handle, first: first, deadline: deadline)
        throw PostgresError(.protocolViolation, "The statement is not the COPY that it should be")
    }

    /// Sends one piece; false when the connection has ended and sending more is pointless. `middle` is where in this piece, or
    /// before or after it, half of the stream lies.
    private func put(
        _ bytes: UnsafeBufferPointer<UInt8>, _ handle: ConnectionHandle, middle: Int, deadline: Deadline
    ) throws(PostgresError) -> Bool {
        var offset = 0
        while offset < bytes.count, let start = bytes.baseAddress {
            let count = min(Self.messageBytes, bytes.count - offset)
            let status = UnsafeRawPointer(start + offset).withMemoryRebound(to: CChar.self, capacity: count) {
                PQputCopyData(handle.raw, $0, Int32(count))
            }
            guard status >= 0, handle.socket >= 0 else { return false }
            if status > 0 { offset += count }
            // No room even for one message: there is no memory.
            if status == 0, deadline.hasPassed { throw giveUp(handle, deadline) }
            // Waits for reading, too: the server may have ended the connection, or be sending notices that it wants read.
            while PQflush(handle.raw) > 0 {
                let readiness = try self.await([.read, .write], handle, deadline: deadline)
                if readiness.contains(.read), PQconsumeInput(handle.raw) == 0 { return false }
            }
            if offset > middle, offset - count <= middle { CrashPoint.insideCopy.reach() }
        }
        return true
    }

    /// Reads the results after a COPY's data. A session still in COPY after that is of no use.
    private func finishCopy(_ handle: ConnectionHandle, deadline: Deadline) throws(PostgresError) -> ResultStorage? {
        let result = try finish(handle, deadline: deadline)
        guard result?.status == PGRES_COMMAND_OK else {
            throw PostgresError(.connectionLost, "The connection to PostgreSQL ended during COPY")
        }
        return result
    }
}
