import BridgeCore

/// The commands of a backfill: their fields as JSON, as `CommandPort` takes them.
package enum HistoryCommand {
    static let states = #""type":"get_states""#
    package static let recorder = #""type":"recorder/info""#

    /// Every state of `entities` in `window`, with its attributes. The window is a millisecond wider on both sides: Home
    /// Assistant compares floats, and what lies outside is left out later.
    ///
    /// Home Assistant's defaults would leave out states in which only attributes changed.
    static func history(of entities: some Sequence<String>, in window: Range<Timestamp>) -> String {
        fields(of: entities, from: window.lowerBound, to: window.upperBound, startState: false, attributes: true)
    }

    /// The states of `entities` in `window` without their attributes, to see whether there are any.
    static func anything(of entities: some Sequence<String>, in window: Range<Timestamp>) -> String {
        fields(of: entities, from: window.lowerBound, to: window.upperBound, startState: false, attributes: false)
    }

    /// The state that each of `entities` had at `moment`, where history reaches back to then.
    package static func states(of entities: some Sequence<String>, at moment: Timestamp) -> String {
        fields(of: entities, from: moment, to: moment, startState: true, attributes: false)
    }

    private static func fields(
        of entities: some Sequence<String>, from start: Timestamp, to end: Timestamp, startState: Bool, attributes: Bool
    ) -> String {
        var list: [UInt8] = []
        for entity in entities {
            if !list.isEmpty { list.append(0x2C) }
            JSONText.appendQuoted(entity, to: &list)
        }
        let start = Timestamp(microseconds: start.microseconds - 1_000).iso8601
        let end = Timestamp(microseconds: end.microseconds + 1_000).iso8601
        return """
            "type":"history/history_during_period","start_time":"\(start)","end_time":"\(end)",\
            "entity_ids":[\(String(decoding: list, as: UTF8.self))],"significant_changes_only":false,\
            "minimal_response":false,"include_start_time_state":\(startState),"no_attributes":\(!attributes)
            """
    }

    /// Whether Home Assistant accepts `entity` in a command, whether it knows it or not; one bad name spoils the whole command.
    package static func accepts(_ entity: String) -> Bool {
        let parts = entity.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 2, entity.utf8.count <= EventDecoder.entityIDLimit, !entity.contains("__") else {
            return false
        }
        return parts.allSatisfy { part in
            part.first.map { $0 != 0x5F } == true && part.last != 0x5F
                && part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F }
        }
    }
}
