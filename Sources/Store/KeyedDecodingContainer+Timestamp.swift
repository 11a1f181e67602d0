import BridgeCore

extension KeyedDecodingContainer {
    /// The moment that the key holds as RFC 3339 text, or `nil` where the key is absent or null.
    func decodeTimestampIfPresent(forKey key: Key) throws -> Timestamp? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let timestamp = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "Not an RFC 3339 time.")
        }
        return timestamp
    }

    /// The moment that the key holds as RFC 3339 text.
    func decodeTimestamp(forKey key: Key) throws -> Timestamp {
        guard let timestamp = try decodeTimestampIfPresent(forKey: key) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "A time is missing.")
        }
        return timestamp
    }
}
