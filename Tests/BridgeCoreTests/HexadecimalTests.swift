import BridgeCore
import Foundation
import Testing

@Suite struct HexadecimalTests {
    @Test func idsReadAsPostgreSQLPrintsThem() {
        for first in 0...255 {
            let bytes = (0..<16).map { UInt8(truncatingIfNeeded: first + $0 * 37) }
            let id = ConnectionID(bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) })
            #expect(id.description == id.uuid.uuidString.lowercased())
            #expect(ConnectionID(id.description) == id)
            #expect(Hexadecimal.text(bytes) == id.description.replacing("-", with: ""))
        }
    }

    @Test func textHasItsPrefix() {
        #expect(Hexadecimal.text([] as [UInt8], prefix: "\\x") == "\\x")
        #expect(Hexadecimal.text([0, 0x9a, 0xff] as [UInt8], prefix: "\\x") == "\\x009aff")
    }
}
