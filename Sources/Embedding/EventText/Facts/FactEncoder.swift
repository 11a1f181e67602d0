import BridgeCore

/// Finds the facts of an event in its bytes and writes them, see `EventFacts`. The way of every event: it allocates nothing
/// for an entity that it knows.
struct FactEncoder {
    private(set) var writer = FactWriter()
    private var oldList = AttributeList()
    private var newList = AttributeList()
    private var scratch: [UInt8] = []

    typealias Bytes = UnsafeBufferPointer<UInt8>

    // MARK: States

    /// Writes the facts of a state and returns what its entity is; `nil` without an entity.
    mutating func encodeState(
        _ event: HomeAssistantEvent, in bytes: Bytes, _ members: AttributeMembers?, previousState: [UInt8]?,
        isLive: Bool, house: HouseContext, _ entities: inout EntityMemory
    ) -> EntityFacts? {
        guard let entityID = event.entityID else { return nil }
        let entry = entry(of: entityID, bytes, &entities)
        let newObject = event.payload.map { Bytes(rebasing: bytes[$0]) } ?? Bytes(start: nil, count: 0)
        let oldObject = event.oldAttributes.map { Bytes(rebasing: bytes[$0]) } ?? Bytes(start: nil, count: 0)

        // The old attributes are most often the new ones of the event before, or those of this event once more.
        let isOldNew = ByteComparison.equals(oldObject, newObject)
        if !isOldNew {
            Self.read(
                event.oldAttributes, bytes, members?.old, isKnown: entry.knows(oldObject), of: entry, into: &oldList)
        }
        let digest = ByteDigest(newObject)
        let isNewKnown = entry.attributes == digest
        Self.read(event.payload, bytes, members?.new, isKnown: isNewKnown, of: entry, into: &newList)
        if event.kind == .state, !isNewKnown { entry.remember(digest, count: newObject.count) }
        let facts =
            event.kind == .state || oldObject.isEmpty
            ? describe(entityID, entry, newList, newObject, bytes, house, &entities)
            : describe(entityID, entry, oldList, oldObject, bytes, house, &entities)

        let form = form(of: event, bytes, previousState, isLive: isLive)
        writer.start(form, entity: facts.number)
        if form == .attributes {
            writer.append(FactWriter.Tag.none)
        } else {
            writeOld(event, bytes, previousState, facts)
        }
        let movement = writeNew(form, event, bytes, previousState, facts)
        writer.append(movement.rawValue)
        writer.append(lasted(form, event, bytes, facts).rawValue)
        writeAttributes(form, facts, newObject, oldObject, isOldNew: isOldNew)
        return facts
    }

    /// Finds the attributes in `range` of `bytes`. Where those are the ones that were seen last, it is known where they lie.
    private static func read(
        _ range: Range<Int>?, _ bytes: Bytes, _ members: AttributeMembers.List?, isKnown: Bool,
        of entry: EntityMemory.Entry, into list: inout AttributeList
    ) {
        if isKnown, let known = entry.list {
            list.replace(by: known)
            return
        }
        guard let range else {
            list.removeAll()
            return
        }
        if let members, members.isWhole {
            AttributeReader.read(members.members, of: range, bytes, into: &list)
        } else {
            AttributeReader.read(Bytes(rebasing: bytes[range]), into: &list)
        }
        if isKnown { entry.remember(list) }
    }

    private mutating func entry(of entityID: JSONString, _ bytes: Bytes, _ entities: inout EntityMemory)
        -> EntityMemory.Entry
    {
        guard entityID.hasEscapes else {
            return entities.entry(Bytes(rebasing: bytes[entityID.start..<entityID.end]))
        }
        let text = Array(JSONText.string(entityID, of: bytes).utf8)
        return text.withUnsafeBufferPointer { entities.entry($0) }
    }

    private func form(
        of event: HomeAssistantEvent, _ bytes: Bytes, _ previousState: [UInt8]?, isLive: Bool
    ) -> EventFacts.Form {
        if event.kind == .stateRemoved { return .removed }
        let new = event.newState.map { Bytes(rebasing: bytes[$0.start..<$0.end]) } ?? Bytes(start: nil, count: 0)
        if let old = event.oldState {
            return ByteComparison.equals(Bytes(rebasing: bytes[old.start..<old.end]), new) ? .attributes : .changed
        }
        if let previousState { return ByteComparison.equals(previousState, new) ? .attributes : .changed }
        return isLive ? .added : .standing
    }

    // MARK: Entities

    /// What the entity is by `list`, made anew where that or its attributes changed.
    private func describe(
        _ entityID: JSONString, _ entry: EntityMemory.Entry, _ list: AttributeList, _ object: Bytes, _ bytes: Bytes,
        _ house: HouseContext, _ entities: inout EntityMemory
    ) -> EntityFacts {
        update(
            &entry.description, entityID, name: list[.friendlyName], deviceClass: list[.deviceClass],
            unit: list[.unit], object, bytes, house, &entities)
    }

    private func update(
        _ description: inout EntityMemory.Description, _ entityID: JSONString, name: AttributeValue?,
        deviceClass: AttributeValue?, unit: AttributeValue?, _ object: Bytes, _ bytes: Bytes, _ house: HouseContext,
        _ entities: inout EntityMemory
    ) -> EntityFacts {
        var origin = ByteDigest()
        for value in [name, deviceClass, unit] {
            // Nothing is not the same as an empty text.
            origin.add(value.map { UInt64($0.form.rawValue) + 1 } ?? 0)
            if let value { origin.add(value.bytes(in: object)) }
        }
        if let facts = description.facts, description.origin == origin { return facts }
        let id = JSONText.string(entityID, of: bytes)
        let facts = EntityFacts(
            number: entities.nextNumber(), entityID: id, friendlyName: Self.text(name, object),
            deviceClass: Self.text(deviceClass, object), unit: Self.text(unit, object), context: house.entities[id])
        description = EntityMemory.Description(facts: facts, origin: origin)
        return facts
    }

    private static func text(_ value: AttributeValue?, _ object: Bytes) -> String? {
        guard let value, value.form == .text else { return nil }
        return JSONText.string(
            JSONString(start: value.start, end: value.start + value.count, hasEscapes: value.hasEscapes), of: object)
    }

    // MARK: Old and new

    private mutating func writeOld(
        _ event: HomeAssistantEvent, _ bytes: Bytes, _ previousState: [UInt8]?, _ facts: EntityFacts
    ) {
        if let old = event.oldState {
            writeOld(Bytes(rebasing: bytes[old.start..<old.end]), old.hasEscapes ? old : nil, bytes, facts)
        } else if let previousState {
            previousState.withUnsafeBufferPointer { writeOld($0, nil, bytes, facts) }
        } else {
            writer.append(FactWriter.Tag.none)
        }
    }

    /// Of an old number it counts only that it was one.
    private mutating func writeOld(_ text: Bytes, _ escaped: JSONString?, _ bytes: Bytes, _ facts: EntityFacts) {
        switch StateForm(text, facts) {
        case .unavailable: writer.append(FactWriter.Tag.unavailable)
        case .unknown: writer.append(FactWriter.Tag.unknown)
        case .moment: writer.append(FactWriter.Tag.moment)
        case .number: writer.append(RoundedNumber(units: 0, exponent: 0))
        case .text: if let escaped { writer.append(escaped, of: bytes) } else { writer.append(text: text) }
        }
    }

    private mutating func writeNew(
        _ form: EventFacts.Form, _ event: HomeAssistantEvent, _ bytes: Bytes, _ previousState: [UInt8]?,
        _ facts: EntityFacts
    ) -> EventFacts.Movement {
        guard let new = event.newState else {
            writer.append(FactWriter.Tag.none)
            return .none
        }
        let text = Bytes(rebasing: bytes[new.start..<new.end])
        switch StateForm(text, facts) {
        case .unavailable: writer.append(FactWriter.Tag.unavailable)
        case .unknown: writer.append(FactWriter.Tag.unknown)
        case .moment: writer.append(FactWriter.Tag.moment)
        case .number(let number):
            writer.append(facts.shape.numberRule.round(number))
            return movement(to: number, event, bytes, previousState, facts)
        case .text: writer.append(new, of: bytes)
        }
        return .none
    }

    private func movement(
        to number: Double, _ event: HomeAssistantEvent, _ bytes: Bytes, _ previousState: [UInt8]?, _ facts: EntityFacts
    ) -> EventFacts.Movement {
        let before: Double?
        if let old = event.oldState {
            before = NumericState.parse(old.raw(in: bytes))
        } else {
            before = previousState.flatMap { $0.withUnsafeBytes { NumericState.parse($0) } }
        }
        guard let before else { return .none }
        if facts.shape.numberRule.isQuiver(from: before, to: number) { return .same }
        return number > before ? .up : .down
    }

    /// How long the old state lasted, where that is a word of the text.
    private func lasted(
        _ form: EventFacts.Form, _ event: HomeAssistantEvent, _ bytes: Bytes, _ facts: EntityFacts
    ) -> Lasting {
        guard form == .changed, !facts.shape.lastingStates.isEmpty, let old = event.oldState else { return .short }
        let text = Bytes(rebasing: bytes[old.start..<old.end])
        guard facts.shape.lastingStates.contains(where: { ByteComparison.equals($0, text) }),
            let start = event.lastChanged(event.oldLastChanged, in: bytes)
        else { return .short }
        let end = event.lastChanged(event.newLastChanged, in: bytes) ?? event.timestamp
        return Lasting(microseconds: end.microseconds - start.microseconds)
    }

    // MARK: Attributes

    private mutating func writeAttributes(
        _ form: EventFacts.Form, _ facts: EntityFacts, _ newObject: Bytes, _ oldObject: Bytes, isOldNew: Bool
    ) {
        var told: AttributeSet = form == .standing || form == .added || form == .changed ? facts.shape.details : []
        if !isOldNew, form == .attributes || form == .changed, !oldObject.isEmpty {
            let wanted = form == .attributes ? facts.shape.changes : facts.shape.companions
            for value in newList.values where wanted.contains(value.name) {
                guard let old = oldList[value.name] else {
                    // What appears with the state is no change of its own.
                    if form == .attributes { write(value, .none, newObject, facts) }
                    continue
                }
                if value.equals(old, newObject, oldObject) { continue }
                var movement = EventFacts.Movement.none
                if value.form == .number, old.form == .number { movement = value.number > old.number ? .up : .down }
                write(value, movement, newObject, facts)
                if facts.shape.details.contains(value.name) { told = facts.shape.details }
            }
        }
        guard !told.isEmpty else { return }
        for value in newList.values where told.contains(value.name) { write(value, .detail, newObject, facts) }
    }

    private mutating func write(
        _ value: AttributeValue, _ movement: EventFacts.Movement, _ object: Bytes, _ facts: EntityFacts
    ) {
        writer.append(
            value, movement, of: object,
            rule: value.form == .number ? AttributeWords.rule(value.name, domain: facts.shape.domain) : nil)
    }

    // MARK: Other events

    /// Writes the facts of an event that is no state, and returns what its entity is, where it has one.
    mutating func encodeOther(
        _ event: HomeAssistantEvent, in bytes: Bytes, house: HouseContext, _ entities: inout EntityMemory
    ) -> EntityFacts? {
        let object = event.payload.map { Bytes(rebasing: bytes[$0]) } ?? Bytes(start: nil, count: 0)
        AttributeReader.read(object, into: &newList)
        var facts: EntityFacts?
        if let entityID = event.entityID {
            let entry = entry(of: entityID, bytes, &entities)
            // The name of an automation or a script stands in the event; what else it is, in the registries.
            facts = update(
                &entry.otherDescription, entityID, name: newList[.friendlyName] ?? newList[.name], deviceClass: nil,
                unit: nil, object, bytes, house, &entities)
        }
        writer.start(.other, entity: facts?.number ?? 0)
        if let type = event.eventType { writer.append(type, of: bytes) } else { writer.append(FactWriter.Tag.none) }
        for value in newList.values where value.form != .other { write(value, object) }
        if let type = event.eventType, Self.callService.elementsEqual(bytes[type.start..<type.end]) {
            for target in AttributeReader.targets(of: object) {
                let text = Array(JSONText.string(target, of: object).utf8)
                text.withUnsafeBufferPointer { writer.append(.target, text: $0) }
            }
        }
        return facts
    }

    private static let callService = Array("call_service".utf8)

    private mutating func write(_ value: AttributeValue, _ object: Bytes) {
        writer.append(
            value, .detail, of: object, rule: NumberRule(rounding: .leading, deadBand: .absolute(0)))
    }
}
