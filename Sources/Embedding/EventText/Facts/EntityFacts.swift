/// What an entity is, as its attributes and the registries tell: the part of a text that stays the same.
final class EntityFacts: Sendable {
    /// Distinguishes descriptions in this process; never part of a key.
    let number: UInt64
    let entityID: String
    let area: String?
    /// What it is called.
    private let name: String
    /// What it has in common with others.
    let shape: EntityShape

    init(
        number: UInt64, entityID: String, friendlyName: String?, deviceClass: String?, unit: String?,
        context: EntityContext?
    ) {
        self.number = number
        self.entityID = entityID
        let parts = entityID.split(separator: ".", maxSplits: 1)
        let deviceClass = (deviceClass ?? context?.deviceClass).map { OneLine.text($0, limit: 40) }
        let unit = unit.map { OneLine.text($0, limit: 20) }
        shape = EntityShape.shared(
            domain: parts.first.map(String.init) ?? entityID,
            deviceClass: deviceClass.flatMap { $0.isEmpty ? nil : $0 },
            unit: unit.flatMap { $0.isEmpty ? nil : $0 })
        area = context?.area.map { OneLine.text($0, limit: OneLine.wordsLimit) }.flatMap { $0.isEmpty ? nil : $0 }
        let given = (friendlyName ?? context?.name).map { OneLine.text($0, limit: OneLine.wordsLimit) }
        name = given.flatMap { $0.isEmpty ? nil : $0 } ?? OneLine.words(parts.last ?? "")
    }

    /// `The door sensor "Haustür" (front door) in Hallway`. Made anew each time: it is asked for where a text is new.
    var subject: String {
        "The \(DeviceWords.words(domain: shape.domain, deviceClass: shape.deviceClass)) \(Self.named(name, area: area))"
    }

    /// `"Haustür" (front door) in Hallway`; the area is left out where the name holds it.
    static func named(_ name: String, area: String?) -> String {
        var text = "\"\(name)\""
        if let english = Lexicon.gloss(name), !english.isEmpty { text += " (\(english))" }
        if let area, !name.lowercased().contains(area.lowercased()) {
            text += " in \(area)"
            if let english = Lexicon.gloss(area), !english.isEmpty { text += " (\(english))" }
        }
        return text
    }
}
