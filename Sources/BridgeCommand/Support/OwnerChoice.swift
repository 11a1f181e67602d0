import Store

/// Finds out to whom a new connection belongs.
enum OwnerChoice {
    /// The active user named `name`, or the only active one. Throws a `CommandFailure` that lists the choice, or says how to
    /// make a user.
    static func owner(named name: String?, among users: [StoredUser]) throws -> StoredUser {
        let active = users.filter(\.isActive)
        guard !active.isEmpty else {
            throw CommandFailure(
                .usage,
                "There is no active user to own the connection. Add one: ha-bridge user add NAME --email ADDRESS")
        }
        let names = active.map(\.username).joined(separator: ", ")
        guard let name else {
            guard active.count == 1 else {
                throw CommandFailure(
                    .usage, "Several users could own the connection: \(names). Say which with --user NAME.")
            }
            return active[0]
        }
        guard let user = users.first(where: { $0.username.lowercased() == name.lowercased() }) else {
            throw CommandFailure(.usage, "There is no user named “\(name)”. These are active: \(names).")
        }
        guard user.isActive else {
            throw CommandFailure(
                .usage, "The user “\(user.username)” is not active and cannot own a new connection. Active: \(names).")
        }
        return user
    }
}
