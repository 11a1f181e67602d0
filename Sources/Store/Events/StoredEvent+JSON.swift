extension StoredEvent {
    /// The event as one line of JSON, keys named as the columns are. The attributes stand in it as PostgreSQL holds them, so
    /// that no number is rounded on the way.
    package var json: String {
        var parts = [
            Self.member("id", id.description),
            Self.member("connection_id", connectionID.description),
            Self.member("connection", connectionName),
            Self.member("event_type", eventType),
            Self.member("entity_id", entityID),
            Self.member("old_state", oldState),
            Self.member("new_state", newState),
            "\"attributes\":\(attributes ?? "null")",
            Self.member("timestamp", timestamp.iso8601),
            Self.member("created_at", createdAt?.iso8601),
        ]
        // JSON knows no NaN and no infinities; the column holds none either.
        parts.append("\"value\":" + (value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"))
        parts += [
            Self.member("source", source),
            Self.member("context_id", contextID),
            Self.member("context_parent_id", contextParentID),
            Self.member("context_user_id", contextUserID),
        ]
        return "{" + parts.joined(separator: ",") + "}"
    }

    private static func member(_ name: String, _ value: String?) -> String {
        "\"\(name)\":\(value.map(quoted) ?? "null")"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
