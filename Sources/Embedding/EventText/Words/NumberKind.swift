/// What kind of quantity an entity's number is: how it is rounded, and which words stand for its height.
struct NumberKind: Sendable {
    /// Name of the quantity in the tables, such as `temperature`; `nil` for any number.
    let quantity: String?
    /// A number that a person or a program sets.
    let isSetting: Bool
    let rule: NumberRule
    private let levels: [(limit: Double, words: String)]
    private let unit: String?
    private let scale: Scale

    /// From the unit of an entity to the one of the table.
    private enum Scale {
        case factor(Double)
        case fahrenheit
        case kelvin
    }

    init(domain: String, deviceClass: String?, unit: String?) {
        isSetting = ["number", "input_number"].contains(domain)
        self.unit = unit
        let quantity: String?
        if domain == "counter" || domain == "todo" || domain == "zone" {
            quantity = domain
        } else {
            quantity = deviceClass ?? unit.flatMap { Self.quantities[$0] }
        }
        self.quantity = quantity
        var scale = Scale.factor(1)
        switch unit {
        case "°F", "F": scale = .fahrenheit
        case "K" where quantity == "temperature": scale = .kelvin
        case "kW", "klx": scale = .factor(1_000)
        case "MW": scale = .factor(1_000_000)
        case "Wh": scale = .factor(0.001)
        case "MWh": scale = .factor(1_000)
        case "mph": scale = .factor(1.609)
        case "m/s": scale = .factor(3.6)
        case "kn", "kt": scale = .factor(1.852)
        case "ct/kWh", "c/kWh", "¢/kWh": scale = .factor(0.01)
        case "in" where quantity == "precipitation": scale = .factor(25.4)
        case "inHg": scale = .factor(33.864)
        case "mbar", "hPa": scale = .factor(1)
        case "kPa": scale = .factor(10)
        default: break
        }
        self.scale = scale
        let isPrice = unit.map { $0.contains("/kWh") || $0.contains("/MWh") } ?? false
        levels = quantity.flatMap { LevelWords.levels[isPrice ? "price" : $0] } ?? []
        rule = Self.rule(quantity: quantity, unit: unit, isSetting: isSetting)
    }

    /// The number with its unit: `about 20.5 °C`.
    func text(_ number: RoundedNumber) -> String { number.text + (unit.map { " " + $0 } ?? "") }

    /// Words for the height of a number, such as `very humid`; `nil` where it is nothing to speak of.
    func level(_ number: RoundedNumber) -> String? {
        let value: Double
        switch scale {
        case .factor(let factor): value = number.value * factor
        case .fahrenheit: value = (number.value - 32) / 1.8
        case .kelvin: value = number.value - 273.15
        }
        guard let words = levels.first(where: { value <= $0.limit })?.words, !words.isEmpty else { return nil }
        return words
    }

    /// Steps near the size of a difference that people notice.
    private static func rule(quantity: String?, unit: String?, isSetting: Bool) -> NumberRule {
        func step(_ units: Int64, _ exponent: Int8 = 0, deadBand: Double? = nil) -> NumberRule {
            // A setting changes because someone wants it: no difference is too small.
            let band: NumberRule.DeadBand = isSetting ? .absolute(0) : deadBand.map { .absolute($0) } ?? .relative(0.02)
            return NumberRule(rounding: .step(units: units, exponent: exponent), deadBand: band)
        }
        switch quantity {
        case "temperature", "temperature_delta":
            return unit == "°F" || unit == "F" ? step(2, deadBand: 0.45) : step(1, deadBand: 0.25)
        case "humidity": return step(5, deadBand: 1.5)
        case "battery": return step(10, deadBand: 0.5)
        case "moisture": return step(10, deadBand: 1)
        case "carbon_dioxide": return step(200, deadBand: 60)
        case "atmospheric_pressure" where unit != "inHg" && unit != "kPa" && unit != "bar":
            return step(5, deadBand: 1)
        case "voltage": return step(5, deadBand: 1)
        case "signal_strength", "sound_pressure": return step(10, deadBand: 2)
        case "wind_speed": return step(10, deadBand: unit == "m/s" ? 1 : 3)
        case "wind_direction": return step(45)
        case "aqi": return step(20)
        case "weight": return step(1, deadBand: 0.2)
        case "power" where !isSetting:
            return NumberRule(
                rounding: .leading, deadBand: .either(absolute: unit == "W" ? 10 : 0.01, relative: 0.02))
        case "illuminance" where !isSetting:
            return NumberRule(rounding: .leading, deadBand: .either(absolute: 5, relative: 0.02))
        case "ph": return step(5, -1)
        case "monetary" where unit.map { $0.contains("/kWh") && !$0.hasPrefix("c") && !$0.hasPrefix("¢") } ?? false:
            return step(5, -2, deadBand: 0.01)
        case "counter", "zone": return NumberRule(rounding: .leading, deadBand: .absolute(0))
        case "todo": return step(5, deadBand: 0)
        default:
            if unit == "%" { return step(10, deadBand: 0.5) }
            return NumberRule(rounding: .leading, deadBand: isSetting ? .absolute(0) : .relative(0.02))
        }
    }

    /// Quantities by their unit, for entities that do not name one.
    private static let quantities: [String: String] = [
        "°C": "temperature", "°F": "temperature", "W": "power", "kW": "power", "kWh": "energy", "Wh": "energy",
        "MWh": "energy", "lx": "illuminance", "hPa": "atmospheric_pressure", "mbar": "atmospheric_pressure",
        "dBm": "signal_strength", "dB": "sound_pressure", "dBA": "sound_pressure", "km/h": "wind_speed",
        "mm/h": "precipitation_intensity", "V": "voltage", "kg": "weight", "µg/m³": "pm25",
        "EUR/kWh": "monetary", "€/kWh": "monetary", "ct/kWh": "monetary",
    ]
}
