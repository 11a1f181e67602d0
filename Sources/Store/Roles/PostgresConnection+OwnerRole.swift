import PostgresClient

extension PostgresConnection {
    /// Lets the session act as the owner of the tables while `body` runs, where its login may, and tells `body` whether it does;
    /// then the session has its own role again. One that cannot be given it back is closed: it must not go back to its pool.
    ///
    /// Throws `PostgresError` and what `body` throws.
    nonisolated func withOwnerRole<Result>(_ body: (_ isOwner: Bool) async throws -> Result) async throws -> Result {
        do {
            let result = try await body(try await takeRole(DatabaseRole.owner.rawValue))
            try await takeOwnRole()
            return result
        } catch {
            // In a task of its own, which is awaited: what was cancelled must give the role back, too.
            await Task { do { try await takeOwnRole() } catch { await close() } }.value
            throw error
        }
    }
}
