import BridgeCore

/// What a state is before anyone puts it into words.
enum StateForm {
    case unavailable
    case unknown
    /// A date or a moment.
    case moment
    case number(Double)
    case text

    init(_ text: UnsafeBufferPointer<UInt8>, _ entity: EntityFacts) {
        guard let first = text.first else {
            // Home Assistant writes an empty state for what has none.
            self = .unknown
            return
        }
        switch first {
        case 0x75 where Self.unavailableBytes.elementsEqual(text): self = .unavailable
        case 0x75 where Self.unknownBytes.elementsEqual(text): self = .unknown
        case 0x2B...0x39 where Self.isMoment(text): self = .moment
        case 0x2B...0x39 where !entity.shape.hasWordStates:
            self = NumericState.parse(UnsafeRawBufferPointer(text)).map { .number($0) } ?? .text
        default: self = .text
        }
    }

    private static let unavailableBytes = Array("unavailable".utf8)
    private static let unknownBytes = Array("unknown".utf8)

    /// Whether it begins as a date does: `2026-11-21`.
    private static func isMoment(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 10, text[4] == 0x2D, text[7] == 0x2D else { return false }
        return [0, 1, 2, 3, 5, 6, 8, 9].allSatisfy { text[$0] &- 0x30 <= 9 }
    }
}
