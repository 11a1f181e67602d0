import Foundation

/// What must become of an event, told from its reference reading alone.
enum ReferenceOutcome {
    case row(ReferenceRow, repaired: Bool, ignored: Bool)
    case deadLetter
}

/// The columns of a row that the event determines.
struct ReferenceRow: Equatable {
    var eventType: [UInt8]
    var entityID: [UInt8]?
    var oldState: [UInt8]?
    var newState: [UInt8]?
    /// In the canonical form.
    var attributes: [UInt8]?
    var microseconds: Int64
    var contextID: [UInt8]?
    var contextParentID: [UInt8]?
    var contextUserID: [UInt8]?
}

extension ReferenceOutcome {
    /// The outcome for the bytes of an event object.
    static func of(_ bytes: [UInt8]) -> ReferenceOutcome {
        guard let event = ReferenceJSON.parse(bytes), event.isObject, let typeNode = event["event_type"],
            let type = typeNode.text, characters(type) <= 100
        else { return .deadLetter }
        let data = event["data"]
        let context = event["context"]
        let entity = data?["entity_id"]?.text
        if let entity, characters(entity) > 255 { return .deadLetter }
        // A value that a second one of its key replaces counts as well: the bridge reads once.
        var used = event.all("context") + event.all("event_type")
        var ignored = event.all("context").contains { context in
            context.isForeign(object: true)
                || ["id", "parent_id", "user_id"].contains { context.all($0).contains { $0.isForeign(object: false) } }
        }
        var row = ReferenceRow(
            eventType: type, entityID: entity, attributes: data?.canonical, microseconds: 0,
            contextID: context?["id"]?.text, contextParentID: context?["parent_id"]?.text,
            contextUserID: context?["user_id"]?.text)
        var time = event["time_fired"]
        var payload = data
        if type == Array("state_changed".utf8), let entity {
            row.entityID = entity
            guard let new = data?["new_state"], new.isNull || new.isObject else { return .deadLetter }
            let old = data?["old_state"]
            row.oldState = old?["state"]?.text
            let olds = data?.all("old_state") ?? []
            let news = data?.all("new_state") ?? []
            if old?.isForeign(object: true) == true { ignored = true }
            if (olds + news).contains(where: { $0.all("state").contains { $0.isForeign(object: false) } }) {
                ignored = true
            }
            payload = nil
            if new.isObject {
                guard let state = new["state"]?.text else { return .deadLetter }
                row.newState = state
                payload = new["attributes"]
                if let updated = new["last_updated"], updated.text != nil { time = updated }
            }
            used += data?.all("entity_id") ?? []
            used +=
                (olds + news).flatMap { $0.all("state") + $0.all("entity_id") } + news.flatMap { $0.all("attributes") }
            row.attributes = payload?.canonical
        }
        if let payload { used.append(payload) }
        let faults = used.reduce(into: ReferenceJSON.Faults()) { $0.formUnion($1.faults) }
        guard faults.isDisjoint(with: [.depth, .hugeNumber]), (payload?.range.count ?? 0) <= 16 << 20,
            let time, let micros = microseconds(Array(bytes[time.range].dropFirst().dropLast()), time)
        else { return .deadLetter }
        row.microseconds = micros
        return .row(row, repaired: faults.contains(.repair), ignored: ignored)
    }

    private static func characters(_ text: [UInt8]) -> Int {
        String(decoding: text, as: UTF8.self).unicodeScalars.count
    }

    /// Microseconds since 1970 by a pattern and glibc's calendar.
    static func microseconds(_ raw: [UInt8], _ value: ReferenceJSON) -> Int64? {
        guard value.text != nil else { return nil }
        let text = String(decoding: raw, as: UTF8.self)
        let pattern =
            /([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))/
        guard let match = text.wholeMatch(of: pattern)?.output else { return nil }
        let numbers = [match.1, match.2, match.3, match.4, match.5, match.6].compactMap { Int32($0) }
        guard numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        let wanted = parts
        let seconds = timegm(&parts)
        // What the calendar had to carry over was no date.
        guard parts.tm_mon == wanted.tm_mon, parts.tm_mday == wanted.tm_mday, parts.tm_hour == wanted.tm_hour,
            parts.tm_min == wanted.tm_min, parts.tm_sec == wanted.tm_sec
        else { return nil }
        let fraction = Int64(((match.7 ?? "0") + "000000").prefix(6)) ?? 0
        var offset: Int64 = 0
        if let sign = match.8, let hours = match.9.flatMap({ Int64($0) }), let minutes = match.10.flatMap({ Int64($0) })
        {
            guard hours < 24, minutes < 60 else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (sign == "+" ? 1 : -1)
        }
        return (Int64(seconds) - offset) * 1_000_000 + fraction
    }
}
