import BridgeConcurrency

/// What all entities of one domain, device class and unit have in common. A house has a few dozens of them, whatever its size.
final class EntityShape: Sendable {
    let domain: String
    let deviceClass: String?
    /// `binary_sensor/door`, `light`.
    let kind: String
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

    private struct Key: Hashable {
        var domain: String
        var deviceClass: String?
        var unit: String?
    }

    /// Shapes that the process has met. Of what a house may make up, such as units, no more than a few thousands.
    private static let known = LockedBox<[Key: EntityShape]>([:])
    private static let limit = 4_096

    /// The shape of these, one for all houses.
    static func shared(domain: String, deviceClass: String?, unit: String?) -> EntityShape {
        let key = Key(domain: domain, deviceClass: deviceClass, unit: unit)
        if let shape = known.withLock({ $0[key] }) { return shape }
        let shape = EntityShape(domain: domain, deviceClass: deviceClass, unit: unit)
        known.withLock { known in
            if known.count >= limit { known = [:] }
            known[key] = shape
        }
        return shape
    }

    private init(domain: String, deviceClass: String?, unit: String?) {
        self.domain = domain
        self.deviceClass = deviceClass
        self.unit = unit
        kind = deviceClass.map { "\(domain)/\($0)" } ?? domain
        numberWords = NumberKind(domain: domain, deviceClass: deviceClass, unit: unit)
        numberRule = numberWords.rule
        states = StateWords.kind(domain: domain, deviceClass: deviceClass)
        lastingStates = states.lasting.map { Array($0.utf8) }
        changes = AttributeWords.changes(of: domain)
        companions = AttributeWords.companions(of: domain)
        details = AttributeWords.details(of: domain)
        hasWordStates = ["select", "input_select", "text", "input_text", "lock", "person", "device_tracker"].contains(
            domain)
    }
}
