/// A number as a text tells it: `units` times ten to the power of `exponent`.
struct RoundedNumber: Hashable {
    var units: Int64
    var exponent: Int8

    /// The number itself.
    var value: Double {
        exponent >= 0 ? Double(units) * Self.power(Int(exponent)) : Double(units) / Self.power(-Int(exponent))
    }

    /// Decimal digits, such as `-0.35` or `20000`.
    var text: String {
        if exponent >= 0 { return units == 0 ? "0" : String(units) + String(repeating: "0", count: Int(exponent)) }
        let places = -Int(exponent)
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let fraction = padded.suffix(places)
        let whole = padded.dropLast(places)
        let significant = fraction.reversed().drop { $0 == "0" }.reversed()
        return (units < 0 ? "-" : "") + whole + (significant.isEmpty ? "" : "." + String(significant))
    }

    static func power(_ exponent: Int) -> Double { powers[min(max(exponent, 0), 12)] }

    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]
}

/// How the numbers of a kind of entity are rounded, and which difference is one.
struct NumberRule: Hashable {
    enum Rounding: Hashable {
        /// To multiples of `units` times ten to the power of `exponent`.
        case step(units: Int64, exponent: Int8)
        /// To 1, 2 or 5 times a power of ten.
        case leading
    }

    enum DeadBand: Hashable {
        /// Less than this is no difference.
        case absolute(Double)
        /// Less than this share of the larger of the two is none.
        case relative(Double)
        /// Less than either.
        case either(absolute: Double, relative: Double)
    }

    var rounding: Rounding
    var deadBand: DeadBand

    /// `value` rounded; `nil` beyond a million millions.
    func round(_ value: Double) -> RoundedNumber? {
        guard value.magnitude < 1e12 else { return nil }
        switch rounding {
        case .step(let units, let exponent):
            let step = RoundedNumber(units: units, exponent: exponent).value
            // Ties go away from zero.
            return RoundedNumber(units: Int64((value / step).rounded()) * units, exponent: exponent)
        case .leading:
            let size = value.magnitude
            guard size >= 1e-3 else { return RoundedNumber(units: 0, exponent: 0) }
            var exponent: Int8 = -3
            while exponent < 12, size >= RoundedNumber(units: 1, exponent: exponent + 1).value { exponent += 1 }
            // Between 1 and 10.
            let leading = size / RoundedNumber(units: 1, exponent: exponent).value
            let units: Int64 = leading < 1.5 ? 1 : leading < 3.5 ? 2 : leading < 7.5 ? 5 : 10
            return RoundedNumber(units: value < 0 ? -units : units, exponent: exponent)
        }
    }

    /// Whether `new` is no more than a quiver away from `old`.
    func isQuiver(from old: Double, to new: Double) -> Bool {
        if new == old { return true }
        return switch deadBand {
        case .absolute(let limit): (new - old).magnitude < limit
        case .relative(let share): (new - old).magnitude < share * max(old.magnitude, new.magnitude)
        case .either(let limit, let share):
            (new - old).magnitude < max(limit, share * max(old.magnitude, new.magnitude))
        }
    }
}
