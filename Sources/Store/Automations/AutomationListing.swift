import BridgeCore

/// Automations of one Home Assistant as the inventory found them, ready for `AutomationRepository.merge`.
package struct AutomationListing: Sendable {
    /// One automation.
    package struct Entry: Sendable, Equatable {
        /// The id in its configuration, else its entity id.
        package var homeAssistantID: String
        package var hasOwnID: Bool
        package var entityID: String
        package var registryID: String?
        package var name: String
        package var mode: String?
        /// Whether it is switched on; `nil` where that is not known.
        package var isEnabled: Bool?
        package var readOnlyReason: String?
        /// `.active`, `.paused` or `.unavailable`; `nil` while that is not certain, and then nothing moves.
        package var state: LifecycleState?
        /// A sentence that is added to the reason of a move.
        package var detail: String?

        package init(
            homeAssistantID: String, hasOwnID: Bool, entityID: String, registryID: String? = nil, name: String,
            mode: String? = nil, isEnabled: Bool? = nil, readOnlyReason: String? = nil, state: LifecycleState? = nil,
            detail: String? = nil
        ) {
            self.homeAssistantID = homeAssistantID
            self.hasOwnID = hasOwnID
            self.entityID = entityID
            self.registryID = registryID
            self.name = name
            self.mode = mode
            self.isEnabled = isEnabled
            self.readOnlyReason = readOnlyReason
            self.state = state
            self.detail = detail
        }
    }

    /// Every automation that Home Assistant lists.
    package var entries: [Entry]
    /// Home Assistant ids of automations that it lists no more, for certain.
    package var gone: [String]

    package init(entries: [Entry], gone: [String] = []) {
        self.entries = entries
        self.gone = gone
    }

    /// The entries as the JSON array that the statements read. Those are left out that have no id, one that fits no column, or
    /// one that another entry has.
    var json: String {
        var bytes: [UInt8] = [0x5B]
        var keys: Set<String> = []
        for entry in entries {
            guard Self.fits(entry.homeAssistantID), Self.fits(entry.entityID) else { continue }
            guard keys.insert(entry.homeAssistantID).inserted else { continue }
            if bytes.count > 1 { bytes.append(0x2C) }
            bytes += #"{"automation_id":"#.utf8
            JSONText.appendQuoted(entry.homeAssistantID, to: &bytes)
            let texts: [(String, String?)] = [
                ("entity_id", entry.entityID), ("registry_id", entry.registryID),
                ("name", StorableText.fitting(entry.name.isEmpty ? entry.entityID : entry.name, limit: 255)),
                ("mode", Self.modes.contains(entry.mode ?? "") ? entry.mode : nil),
                ("read_only_reason", entry.readOnlyReason), ("state", entry.state?.rawValue), ("detail", entry.detail),
            ]
            for case (let key, let text?) in texts {
                bytes += ",\"\(key)\":".utf8
                JSONText.appendQuoted(text, to: &bytes)
            }
            bytes += ",\"has_own_id\":\(entry.hasOwnID)".utf8
            if let isEnabled = entry.isEnabled { bytes += ",\"is_enabled\":\(isEnabled)".utf8 }
            bytes.append(0x7D)
        }
        bytes.append(0x5D)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let modes: Set<String> = ["single", "restart", "queued", "parallel"]

    private static func fits(_ id: String) -> Bool {
        !id.isEmpty && id.unicodeScalars.count <= 255 && !id.utf8.contains(0)
    }
}

/// What `AutomationRepository.merge` found and did.
package struct AutomationMerge: Sendable, Equatable {
    /// A move of an automation's lifecycle.
    package struct Move: Sendable, Equatable {
        package let automation: AutomationID
        package let homeAssistantID: String
        package let from: LifecycleState
        package let to: LifecycleState
    }

    /// The rows of all listed automations by their id in Home Assistant.
    package var rows: [String: AutomationID] = [:]
    package var added = 0
    package var changed = 0
    package var moves: [Move] = []
    /// Automations that are known, not retired, and not in the listing; those that were named as gone have been retired.
    package var missing: Set<String> = []

    package init() {}

    /// Whether the database knew everything already.
    package var isEmpty: Bool { added == 0 && changed == 0 && moves.isEmpty }
}
