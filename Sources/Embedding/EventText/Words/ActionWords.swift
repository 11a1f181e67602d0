extension AttributeWords {
    /// What `hvac_action` of a thermostat and `action` of a humidifier mean: the words, and whether something began or came to rest.
    static func action(_ action: String) -> (words: String, polarity: Polarity) {
        switch action {
        case "heating": ("started heating, warming up", .active)
        case "preheating": ("started preheating", .active)
        case "defrosting": ("started defrosting", .active)
        case "cooling": ("started cooling, air conditioning", .active)
        case "drying": ("started drying the air", .active)
        case "fan": ("runs its fan", .active)
        case "humidifying": ("started humidifying", .active)
        case "idle": ("stopped heating or cooling, is idle", .rest)
        case "off": ("is off", .rest)
        default: ("changed to \(OneLine.words(action))", .neutral)
        }
    }
}
