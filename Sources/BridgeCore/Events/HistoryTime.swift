extension Timestamp {
    /// Reads a moment as Home Assistant's history writes it: seconds since 1970 as Python prints a float, `1795223601.3411543`.
    ///
    /// The result is the microsecond that Home Assistant itself printed in the live event. Python makes it from the fraction of
    /// the float alone, rounded half to even; the same done to the whole number is off by one in an eighth of all cases.
    /// Returns `nil` for anything that is no number, and outside of the years 0 to 9999.
    package init?(secondsText text: UnsafeRawBufferPointer) {
        guard !text.isEmpty, text.count <= 32, let seconds = Double(String(decoding: text, as: UTF8.self)) else {
            return nil
        }
        self.init(secondsSince1970: seconds)
    }

    /// The microsecond that Python's `datetime.fromtimestamp` gives for `seconds`; `nil` outside of the years 0 to 9999.
    package init?(secondsSince1970 seconds: Double) {
        guard seconds > -62_167_219_201, seconds < 253_402_300_800 else { return nil }
        let whole = seconds.rounded(.towardZero)
        // Exact: a float minus its integer part loses nothing.
        let fraction = ((seconds - whole) * 1_000_000).rounded(.toNearestOrEven)
        self.init(microseconds: Int64(whole) * 1_000_000 + Int64(fraction))
    }
}
