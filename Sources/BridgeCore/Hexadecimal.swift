/// Bytes as hexadecimal digits, lowercase as PostgreSQL prints them.
package enum Hexadecimal {
    /// The digit of a value below sixteen.
    @inline(__always)
    package static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// Two digits a byte, after `prefix`.
    package static func text(_ bytes: some Collection<UInt8>, prefix: StaticString = "") -> String {
        let head = prefix.utf8CodeUnitCount
        return String(unsafeUninitializedCapacity: head + bytes.count * 2) { text in
            for index in 0..<head { text[index] = prefix.utf8Start[index] }
            var place = head
            for byte in bytes {
                text[place] = digit(byte >> 4)
                text[place + 1] = digit(byte & 15)
                place += 2
            }
            return place
        }
    }
}
