import BridgeCore

/// One row of Home Assistant's own statistics: five minutes or an hour of one series.
struct RecordedStatistic: Sendable, Equatable {
    /// An entity, or a series that an integration has brought in, such as `tibber:energy_consumption`.
    var name: String
    /// The unit of the numbers; `nil` where there is none.
    var unit: String?
    var start: Timestamp
    var minimum: Double?
    var maximum: Double?
    var mean: Double?
    /// The state of a counter at the end.
    var state: Double?
    /// What a counter rose by since the row before; `nil` where that is not known.
    var change: Double?
    /// When the counter was last reset, as Home Assistant knows it.
    var lastReset: Timestamp?

    /// The same numbers in another unit; `nil` where nothing leads from one to the other.
    func converted(to other: String?) -> RecordedStatistic? {
        guard let unit, let other, unit != other else { return self }
        guard let conversion = UnitConversion(from: unit, to: other) else { return nil }
        var copy = self
        copy.unit = other
        copy.minimum = minimum.map(conversion.value)
        copy.maximum = maximum.map(conversion.value)
        copy.mean = mean.map(conversion.value)
        copy.state = state.map(conversion.value)
        copy.change = change.map(conversion.difference)
        return copy
    }
}

/// From one unit to another of the same kind.
struct UnitConversion: Sendable, Equatable {
    private let factor: Double
    private let offset: Double

    /// The kinds of which Home Assistant keeps statistics in another unit than a person has chosen: how many of the first unit
    /// one of each is.
    private static let kinds: [[String: Double]] = [
        [
            "Wh": 1, "kWh": 1e3, "MWh": 1e6, "GWh": 1e9, "TWh": 1e12, "mWh": 1e-3, "J": 1 / 3.6e3, "kJ": 1 / 3.6,
            "MJ": 1e3 / 3.6, "GJ": 1e6 / 3.6, "cal": 4.184 / 3.6e3, "kcal": 4.184 / 3.6, "Mcal": 4.184e3 / 3.6,
            "Gcal": 4.184e6 / 3.6,
        ],
        ["W": 1, "mW": 1e-3, "kW": 1e3, "MW": 1e6, "GW": 1e9, "TW": 1e12],
        ["V": 1, "mV": 1e-3, "µV": 1e-6, "μV": 1e-6, "kV": 1e3, "MV": 1e6],
        ["A": 1, "mA": 1e-3],
        [
            "L": 1, "mL": 1e-3, "m³": 1e3, "ft³": 28.316846592, "CCF": 2831.6846592, "gal": 3.785411784,
            "fl. oz.": 0.0295735295625,
        ],
        [
            "Pa": 1, "hPa": 1e2, "kPa": 1e3, "bar": 1e5, "cbar": 1e3, "mbar": 1e2, "mmHg": 133.322387415,
            "inHg": 3386.389, "psi": 6894.757293168,
        ],
        [
            "m": 1, "mm": 1e-3, "cm": 1e-2, "km": 1e3, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344,
            "nmi": 1852,
        ],
        ["m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704, "kn": 1852 / 3600.0, "ft/s": 0.3048],
        ["g": 1, "mg": 1e-3, "µg": 1e-6, "μg": 1e-6, "kg": 1e3, "oz": 28.349523125, "lb": 453.59237, "st": 6350.29318],
        ["s": 1, "ms": 1e-3, "min": 60, "h": 3600, "d": 86_400, "w": 604_800],
        [
            "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1_024, "MiB": 1_048_576, "GiB": 1_073_741_824,
            "TiB": 1_099_511_627_776,
        ],
        ["%": 1],
    ]

    /// One degree of each in kelvins, and what zero is in them.
    private static let temperatures: [String: (degree: Double, zero: Double)] = [
        "K": (1, 0), "°C": (1, 273.15), "°F": (5.0 / 9, 459.67 * 5 / 9),
    ]

    /// `nil` where nothing leads from `unit` to `other`.
    init?(from unit: String, to other: String) {
        if let from = Self.temperatures[unit], let to = Self.temperatures[other] {
            factor = from.degree / to.degree
            offset = (from.zero - to.zero) / to.degree
            return
        }
        for kind in Self.kinds {
            guard let from = kind[unit], let to = kind[other] else { continue }
            factor = from / to
            offset = 0
            return
        }
        return nil
    }

    /// A reading in the other unit.
    func value(_ number: Double) -> Double { number * factor + offset }

    /// A difference of two readings in the other unit.
    func difference(_ number: Double) -> Double { number * factor }
}
