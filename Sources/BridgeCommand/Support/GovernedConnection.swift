import BridgeCore
import Glibc
import PostgresClient
import Store

/// Finds out which house is meant by a command that changes one.
enum GovernedConnection {
    /// The connection of this name, of this id, or the only one there is. Where several users have one of the name, that of
    /// `user` is meant. Throws `StoreError` and a `CommandFailure` that says what to give.
    static func find(
        _ name: String?, of id: ConnectionID? = nil, user: String? = nil, in pool: PostgresPool
    ) async throws -> StoredConnection {
        let repository = ConnectionRepository(pool)
        if let name {
            do {
                return try await repository.find(name: name)
            } catch let error as StoreError where error.code == .ambiguous && user != nil {
                return try await repository.find(name: name, user: user)
            }
        }
        if let id, let found = try await repository.find(id: id) { return found }
        let all = try await repository.list()
        guard let only = all.first else {
            throw CommandFailure(.usage, "There is no connection. Add one: ha-bridge connection add NAME --url URL")
        }
        guard all.count == 1 else {
            throw CommandFailure(
                .usage, "Say which Home Assistant with --connection: \(all.map(\.name).joined(separator: ", ")).")
        }
        return only
    }
}

/// Standard input, as bytes.
enum FileHandleInput {
    /// All of it, and no more than `limit` bytes. Throws a `CommandFailure` where it cannot be read.
    static func read(limit: Int) throws -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while content.count < limit {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure(
                    .inputOutput, "Standard input cannot be read (\(String(cString: strerror(errno)))).")
            }
            if count == 0 { break }
            content += buffer[0..<count]
        }
        return Array(content.prefix(limit))
    }
}
