/// What an entity is, as its attributes and the registries tell: the part of a text that stays the same.
final class EntityFacts: Sendable {
    /// Distinguishes descriptions in this process; never part of a key.
    let number: UInt64
    let entityID: String
    let domain: String
    let deviceClass: String?
    /// `binary_sensor/door`, `light`.
    let kind: String
    let area: String?
    /// `The door sensor "Haustür" (front door) in Hallway`.
    let subject: String
    let unit: String?
    let numberRule: NumberRule
    let numberWords: NumberKind
    /// What the states of this kind mean.
    let states: StateWords.Kind
    /// The states of which it counts how long they lasted.
    let lastingStates: [[UInt8]]
    /// Attributes whose change is told while the state stays.
    let changes: AttributeSet
    /// Attributes whose change is told along with the state's.
    let companions: AttributeSet
    /// Attributes that say what a change was about.
    let details: AttributeSet
    /// Whether a state that looks like a number is a word, such as the option of a list.
    let hasWordStates: Bool

    init(
        number: UInt64, entityID: String, friendlyName: String?, deviceClass: String?, unit: String?,
        context: EntityContext?
    ) {
        self.number = number
        self.entityID = entityID
        let parts = entityID.split(separator: ".", maxSplits: 1)
        let domain = parts.first.map(String.init) ?? entityID
        let deviceClass = (deviceClass ?? context?.deviceClass).map { OneLine.text($0, limit: 40) }.flatMap {
            $0.isEmpty ? nil : $0
        }
        self.domain = domain
        self.deviceClass = deviceClass
        kind = deviceClass.map { "\(domain)/\($0)" } ?? domain
        let area = context?.area.map { OneLine.text($0, limit: OneLine.wordsLimit) }.flatMap { $0.isEmpty ? nil : $0 }
        self.area = area
        let given = (friendlyName ?? context?.name).map { OneLine.text($0, limit: OneLine.wordsLimit) }
        let name = given.flatMap { $0.isEmpty ? nil : $0 } ?? OneLine.words(parts.last ?? "")
        let words = DeviceWords.words(domain: domain, deviceClass: deviceClass)
        subject = "The \(words) \(Self.named(name, area: area))"
        self.unit = unit.map { OneLine.text($0, limit: 20) }.flatMap { $0.isEmpty ? nil : $0 }
        numberWords = NumberKind(domain: domain, deviceClass: deviceClass, unit: self.unit)
        numberRule = numberWords.rule
        states = StateWords.kind(domain: domain, deviceClass: deviceClass)
        lastingStates = states.lasting.map { Array($0.utf8) }
        changes = AttributeWords.changes(of: domain)
        companions = AttributeWords.companions(of: domain)
        details = AttributeWords.details(of: domain)
        hasWordStates = ["select", "input_select", "text", "input_text", "lock", "person", "device_tracker"].contains(
            domain)
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
