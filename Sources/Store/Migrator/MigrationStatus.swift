import BridgeCore

/// What of the schema is applied, and whether this program can work with it.
package struct MigrationStatus: Sendable, Codable, Equatable {
    /// One migration, known to this program, to the database, or to both.
    package struct Entry: Sendable, Equatable {
        /// Whether the database has it.
        package enum State: Sendable, Equatable {
            case applied(Timestamp)
            case pending
        }

        /// Its place in the order.
        package let version: Int
        /// A few words for people.
        package let description: String
        /// Whether the database has it, and since when.
        package let state: State
        /// The checksum of this program's file, or that of the database where this program does not know the version.
        package let checksum: String
        /// What is wrong with it and what to do, or `nil`.
        package let problem: String?
    }

    /// All migrations in the order of their versions.
    package let entries: [Entry]

    /// True when the schema is exactly the one that this program was made for.
    package var isCurrent: Bool { entries.allSatisfy { $0.state != .pending && $0.problem == nil } }

    init(entries: [Entry]) { self.entries = entries }

    private enum CodingKeys: String, CodingKey {
        case migrations
        case isCurrent = "is_current"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        entries = try container.decode([Entry].self, forKey: .migrations)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isCurrent, forKey: .isCurrent)
        try container.encode(entries, forKey: .migrations)
    }
}

/// Flat, as a reader of JSON expects it: `"state": "applied", "applied_at": "2026-…"`.
extension MigrationStatus.Entry: Codable {
    private enum CodingKeys: String, CodingKey {
        case version
        case description
        case state
        case appliedAt = "applied_at"
        case checksum
        case problem
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decode(Int.self, forKey: .version)
        description = try container.decode(String.self, forKey: .description)
        state = try container.decodeTimestampIfPresent(forKey: .appliedAt).map { .applied($0) } ?? .pending
        checksum = try container.decode(String.self, forKey: .checksum)
        problem = try container.decodeIfPresent(String.self, forKey: .problem)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(description, forKey: .description)
        switch state {
        case .applied(let timestamp):
            try container.encode("applied", forKey: .state)
            try container.encode(timestamp.iso8601, forKey: .appliedAt)
        case .pending: try container.encode("pending", forKey: .state)
        }
        try container.encode(checksum, forKey: .checksum)
        try container.encodeIfPresent(problem, forKey: .problem)
    }
}
