/// How numbers of bytes are written for people.
enum ByteText {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB"]

    /// `512 B`, `1.5 MiB`.
    static func of(_ bytes: Int) -> String {
        var tenths = max(0, bytes)
        guard tenths >= 1_024 else { return "\(tenths) B" }
        var unit = 0
        tenths *= 10
        while tenths >= 10_240, unit < units.count - 1 {
            tenths = (tenths + 512) / 1_024
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
