import BridgeCore
import Store

/// Which events a tail shows.
struct TailFilter: Hashable, Sendable {
    let connection: ConnectionID?
    /// An entity id in which `*` stands for any characters and `?` for one.
    let entity: String?
    let type: String?

    /// Whether an event passes.
    func passes(_ event: StoredEvent) -> Bool {
        if let connection, event.connectionID != connection { return false }
        if let type, event.eventType != type { return false }
        guard let entity else { return true }
        guard let id = event.entityID else { return false }
        return Glob.matches(entity, id)
    }
}

/// The houses whose events somebody may see.
enum TailSight: Hashable, Sendable {
    case everything
    case houses(Set<ConnectionID>)

    func includes(_ house: ConnectionID) -> Bool {
        switch self {
        case .everything: true
        case .houses(let houses): houses.contains(house)
        }
    }
}

/// Patterns in which `*` stands for any characters and `?` for one.
enum Glob {
    /// Whether all of `text` matches; time grows with the product of the lengths at most.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        var pattern = pattern
        var text = text
        return pattern.withUTF8 { pattern in text.withUTF8 { text in matches(pattern, text) } }
    }

    private static func matches(
        _ pattern: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        var (p, t) = (0, 0)
        // Where to go on when what follows the last star does not match.
        var retry: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                retry = (p + 1, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
                p += 1
                t += 1
            } else if let (star, start) = retry {
                retry = (star, start + 1)
                (p, t) = (star, start + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
