/// Words for the height of a quantity: each row holds up to its limit. Units are those that Home Assistant names first.
enum LevelWords {
    /// The rows of each quantity, ascending.
    static let levels: [String: [(limit: Double, words: String)]] = {
        var levels: [String: [(limit: Double, words: String)]] = [:]
        for (quantity, rows) in WordRows.sections(table) {
            levels[quantity] = rows.compactMap { row in
                guard row.count == 2 else { return nil }
                return (row[0] == "more" ? .infinity : Double(row[0]) ?? .nan, row[1])
            }
        }
        return levels
    }()

    private static let table = """
        [temperature]
        -12 | deep frozen, far below zero
        -1 | freezing, frost, below zero
        3 | near freezing, icy cold
        10 | cold
        17 | cool
        24 | mild, comfortable
        27 | warm
        35 | hot
        79 | very hot
        more | extremely hot
        [humidity]
        29 | very dry air
        39 | dry air
        60 | comfortable
        70 | humid
        84 | very humid, damp
        more | extremely humid, steamy, wet
        [moisture]
        19 | very dry, needs water
        34 | dry, needs water soon
        69 | moist
        more | wet
        [battery]
        5 | empty, needs charging
        10 | nearly empty, very low, needs charging
        20 | low
        89 |
        more | full, fully charged
        [carbon_dioxide]
        700 | fresh air
        1000 | good air
        1300 | raised, stuffy air
        1700 | high, stale stuffy air, needs ventilation
        more | very high, stale stuffy air, needs ventilation
        [carbon_monoxide]
        9 | harmless
        30 | raised, dangerous
        more | very high, poisonous, danger
        [volatile_organic_compounds]
        200 | clean air
        500 | good air
        1000 | raised, bad air
        more | high, bad polluted air
        [volatile_organic_compounds_parts]
        200 | clean air
        500 | good air
        1000 | raised, bad air
        more | high, bad polluted air
        [pm25]
        10 | clean air
        25 | fair air
        50 | dusty, polluted air
        more | very dusty, smoky, polluted air
        [pm10]
        20 | clean air
        50 | fair air
        100 | dusty, polluted air
        more | very dusty, smoky, polluted air
        [pm1]
        10 | clean air
        25 | fair air
        50 | dusty, polluted air
        more | very dusty, smoky, polluted air
        [aqi]
        50 | good, clean air
        100 | fair air
        150 | unhealthy, polluted air
        more | very unhealthy, polluted air
        [illuminance]
        5 | dark
        50 | dim
        300 | indoor light
        2000 | bright
        20000 | daylight
        more | bright sunshine
        [irradiance]
        20 | dark
        200 | weak sun
        600 | sunny
        more | strong sun
        [power]
        -1 | feeding in
        0 | none, off
        10 | hardly any, standby
        100 | low
        700 | medium
        2000 | high
        more | very high, drawing much power
        [energy]
        0 | none
        [price]
        0 | free, negative, very cheap
        0.2 | cheap, low
        0.35 | average
        more | expensive, high
        [wind_speed]
        5 | calm
        20 | light breeze
        40 | windy, fresh breeze
        60 | strong wind
        more | storm
        [sound_pressure]
        35 | quiet
        55 |
        70 | loud
        more | very loud, noisy
        [signal_strength]
        -85 | very weak, bad reception
        -75 | weak reception
        -60 | good reception
        more | strong reception
        [atmospheric_pressure]
        1000 | low pressure, bad weather
        1020 |
        more | high pressure, fine weather
        [precipitation]
        0 | none, dry
        2 | a little rain
        10 | rain
        more | much rain, heavy rain
        [precipitation_intensity]
        0 | none, dry
        2 | light rain
        8 | rain
        more | heavy rain
        [ph]
        6.5 | acidic
        7.5 | neutral
        more | alkaline
        """
}
