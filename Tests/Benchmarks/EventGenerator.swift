import BridgeCore
import TestSupport

/// Makes state changes as Home Assistant sends them: about one kilobyte, some hundred entities, numbers that wander.
struct EventGenerator {
    /// So many entities take turns.
    let entities: Int
    private var next = 0
    private let start: Int64
    private let swings: Bool

    /// Events from `start` on, in microseconds since 1970, one a hundred microseconds; no two are alike.
    ///
    /// With `swings` each entity goes up and down between two values, as in a house that has been known for long: nearly all that it
    /// says means what it has said before. Otherwise they wander, and much of it is new.
    init(start: Timestamp = .now, entities: Int = 400, swings: Bool = false) {
        self.entities = entities
        self.start = start.microseconds
        self.swings = swings
    }

    /// The next events, as `event` objects.
    mutating func events(_ count: Int) -> [String] {
        (0..<count).map { _ in
            defer { next += 1 }
            return event(next)
        }
    }

    private func event(_ number: Int) -> String {
        let now = Timestamp(microseconds: start + Int64(number) * 100).iso8601
        let before = Timestamp(microseconds: start - 30_000_000 + Int64(number) * 100).iso8601
        let entity = "sensor.power_meter_\(number % entities)"
        let context = "01HZ" + String(repeating: "0", count: 22 - String(number).count) + String(number)
        func state(_ value: Int, _ time: String) -> String {
            """
            {"entity_id":"\(entity)","state":"\(value).\(number % 10)","attributes":{"state_class":"measurement",\
            "unit_of_measurement":"W","device_class":"power","friendly_name":"Power meter \(number % entities)",\
            "voltage":230.\(number % 7),"current":\(value % 16).25,"icon":"mdi:flash"},"last_changed":"\(time)",\
            "last_reported":"\(time)","last_updated":"\(time)","context":{"id":"\(context)","parent_id":null,"user_id":null}}
            """
        }
        let (low, high) = (100 + number % entities, 1_000 + number % entities)
        let isUp = number / entities % 2 == 0
        let (old, new) = swings ? (isUp ? (low, high) : (high, low)) : (number % 3_000, (number + 7) % 3_000)
        return """
            {"event_type":"state_changed","data":{"entity_id":"\(entity)","old_state":\(state(old, before)),\
            "new_state":\(state(new, now))},"origin":"LOCAL","time_fired":"\(now)",\
            "context":{"id":"\(context)","parent_id":null,"user_id":null}}
            """
    }
}
