import BridgeCore

extension HistoryCurve {
    /// What the answer says of the curve itself.
    var jsonMembers: [String: JSONValue] {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        let kind: String
        let items: [JSONValue]
        switch points {
        case .samples(let samples):
            kind = "number"
            items = samples.map {
                .object(["at": .time($0.at), "value": number($0.value), "state": .optional($0.state)])
            }
        case .buckets(let buckets):
            kind = "number"
            items = buckets.map {
                .object([
                    "at": .time($0.at), "min": number($0.minimum), "mean": number($0.mean), "max": number($0.maximum),
                    "last": number($0.last), "samples": .integer(Int64($0.samples)),
                ])
            }
        case .segments(let segments):
            kind = "state"
            items = segments.map {
                .object(["from": .time($0.from), "to": .time($0.to), "state": .string($0.state)])
            }
        }
        return [
            "kind": .string(kind),
            "resolution": .string(tier?.rawValue ?? "raw"),
            "bucket_seconds": bucketSeconds.map { .integer($0) } ?? .null,
            "points": .array(items),
        ]
    }
}
