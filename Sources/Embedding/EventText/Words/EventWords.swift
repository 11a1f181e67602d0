/// Words for event entities and for events that are no states.
enum EventWords {
    /// What the event type of an event entity means.
    static func eventType(_ type: String, deviceClass: String?) -> String {
        let words = OneLine.words(type)
        if deviceClass == "doorbell" {
            return words == "ring" || words == "pressed" ? "rang, bell was pressed" : "rang, \(words)"
        }
        if deviceClass == "motion" { return "detected motion, \(words)" }
        if let known = types[type.lowercased()] { return known }
        return deviceClass == "button" ? "was pressed: \(words)" : "reported \(words)"
    }

    private static let types = WordRows.pairs(
        """
        press | was pressed
        pressed | was pressed
        single | was pressed once, single click
        single_press | was pressed once, single click
        short_press | was pressed once, short press
        short_release | was pressed once, short press
        initial_press | was pressed
        click | was clicked
        on | was pressed: on
        off | was pressed: off
        double | was pressed twice, double click
        double_press | was pressed twice, double click
        double_push | was pressed twice, double click
        multi_press_1 | was pressed once, single click
        multi_press_2 | was pressed twice, double click
        triple | was pressed three times, triple click
        triple_press | was pressed three times, triple click
        triple_push | was pressed three times, triple click
        hold | was held down, long press
        long | was held down, long press
        long_press | was held down, long press
        long_push | was held down, long press
        repeat | is held down
        long_release | was released after a long press
        release | was released
        btn_down | was pushed down
        btn_up | was released
        ring | rang
        motion | detected motion
        person | detected a person
        """)
}
