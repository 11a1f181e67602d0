import BridgeCore
import Embedding
import Testing

/// Makes events in Home Assistant's own form and describes them.
struct EventFrame {
    var json: String

    /// A change of a state. Attributes are the inside of a JSON object; the old ones are the new ones where none are given.
    static func state(
        _ entityID: String, _ old: String?, _ new: String?, _ attributes: String = "", old oldAttributes: String? = nil,
        minutes: Int = 0, at time: String = "2026-11-18T09:00:00.000000+00:00"
    ) -> EventFrame {
        let now = Timestamp(iso8601: time) ?? Timestamp(microseconds: 0)
        let before = now.adding(seconds: Int64(-60 * minutes)).iso8601
        func object(_ state: String, _ attributes: String, _ changed: String) -> String {
            """
            {"entity_id":"\(entityID)","state":"\(state)","attributes":{\(attributes)},"last_changed":"\(changed)",\
            "last_reported":"\(changed)","last_updated":"\(changed)","context":{"id":"1","parent_id":null,"user_id":null}}
            """
        }
        let oldState = old.map { object($0, oldAttributes ?? attributes, before) } ?? "null"
        let newState = new.map { object($0, attributes, now.iso8601) } ?? "null"
        return EventFrame(
            json: """
                {"event_type":"state_changed","data":{"entity_id":"\(entityID)","old_state":\(oldState),\
                "new_state":\(newState)},"origin":"LOCAL","time_fired":"\(time)","context":{"id":"1","parent_id":null,\
                "user_id":null}}
                """)
    }

    /// An event of another type.
    static func other(_ type: String, _ data: String = "") -> EventFrame {
        EventFrame(
            json: """
                {"event_type":"\(type)","data":{\(data)},"origin":"LOCAL","time_fired":"2026-11-18T09:00:00.000000+00:00",\
                "context":{"id":"1","parent_id":null,"user_id":null}}
                """)
    }

    /// `isNoted`: the describer is told what the decoder noted, as on the way of live events.
    func described(
        by describer: inout EventDescriber, isLive: Bool = true, isNoted: Bool = true
    ) throws -> DescribedEvent? {
        let bytes = Array(json.utf8)
        return try bytes.withUnsafeBufferPointer { buffer in
            let members = AttributeMembers()
            let event = try EventDecoder(buffer, noting: members).event(in: 0..<buffer.count)
            return describer.describe(event, in: buffer, isNoted ? members : nil, isLive: isLive)
        }
    }

    /// The document of this event alone.
    func document(house: HouseContext = HouseContext()) throws -> EmbeddingDocument {
        var describer = EventDescriber(connection: EventFrame.connection, house: house)
        return try #require(try described(by: &describer)?.document())
    }

    func text(house: HouseContext = HouseContext()) throws -> String { try document(house: house).text }

    static let connection = ConnectionID("00000000-0000-4000-8000-000000000001") ?? ConnectionID()
}
