extension StateWords {
    /// What opens and closes, locks and unlocks.
    static let openingTable = """
        [binary_sensor/door, binary_sensor/garage_door, binary_sensor/window, binary_sensor/opening]
        on | active | was opened | is open | left open
        off | rest | was closed, shut | is closed, shut
        [binary_sensor/lock]
        on | active | was unlocked | is unlocked | left unlocked
        off | rest | was locked, secured | is locked, secured
        [cover, valve]
        open | active | was opened | is open | left open
        closed | rest | was closed, shut | is closed, shut
        opening | active | is opening | is opening
        closing | rest | is closing | is closing
        stopped | neutral | was stopped halfway | is stopped
        [cover/blind, cover/shade, cover/shutter]
        open | active | was opened, raised up | is open, raised | left open
        closed | rest | was closed, lowered down | is closed, lowered
        opening | active | is opening, going up | is opening, going up
        closing | rest | is closing, going down | is closing, going down
        [cover/curtain]
        open | active | was opened, drawn back | is open, drawn back | left open
        closed | rest | was closed, drawn shut | is closed, drawn shut
        opening | active | is opening, being drawn back | is opening
        closing | rest | is closing, being drawn shut | is closing
        [cover/awning]
        open | active | was opened, extended out | is open, extended | left extended
        closed | rest | was closed, retracted in | is closed, retracted
        opening | active | is opening, extending out | is extending
        closing | rest | is closing, retracting in | is retracting
        [valve]
        open | active | was opened, started to flow | is open, flowing | left open
        closed | rest | was closed, shut off | is closed, shut off
        [lock]
        locked | rest | was locked, secured | is locked, secured
        unlocked | active | was unlocked | is unlocked | left unlocked
        locking | rest | is locking | is locking
        unlocking | active | is unlocking | is unlocking
        jammed | active | is jammed, stuck, blocked | is jammed, stuck, blocked | jammed
        open | active | was opened, unlatched | is open, unlatched | left open
        opening | active | is opening, unlatching | is opening
        """
}
