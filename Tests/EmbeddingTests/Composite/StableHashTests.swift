import Embedding
import Testing

/// The places of features are stored in vectors: these values were computed apart from the code.
@Suite struct StableHashTests {
    @Test(arguments: [
        ("", 0xFDBD_F6AC_4FC5_2E7F as UInt64), ("a", 0x2EF7_D131_6EB8_6F71), ("kitchen", 0xB73A_0A1F_11CE_43C9),
        ("Küche", 0xE0C5_4191_4ED2_6543), ("kind\u{1F}light", 0x7C10_0A02_5DE2_894C),
    ])
    func hashesBytesAsPublished(text: String, value: UInt64) {
        var hash = StableHash()
        hash.add(text)
        #expect(hash.value == value)
    }
}
