import BridgeCore
import Embedding
import Testing

@Suite struct EventDescriberTests {
    struct Case: CustomTestStringConvertible {
        var frame: EventFrame
        var text: String
        var transition: String
        var polarity: Polarity

        init(_ frame: EventFrame, _ text: String, _ transition: String, _ polarity: Polarity) {
            self.frame = frame
            self.text = text
            self.transition = transition
            self.polarity = polarity
        }

        var testDescription: String { text }
    }

    private static let door = #""friendly_name":"Front Door","device_class":"door""#
    private static let warmth = #""friendly_name":"Attic","device_class":"temperature","unit_of_measurement":"°C""#

    private static let changes: [Case] = [
        Case(
            .state("binary_sensor.front_door", "off", "on", door), #"The door sensor "Front Door" was opened."#,
            "off>on", .active),
        Case(
            .state("binary_sensor.front_door", "on", "off", door, minutes: 25),
            #"The door sensor "Front Door" was closed, shut after being left open for half an hour."#, "on>off", .rest),
        Case(
            .state("binary_sensor.front_door", "on", "off", door, minutes: 9),
            #"The door sensor "Front Door" was closed, shut."#, "on>off", .rest),
        // A longer rest is no news when it ends.
        Case(
            .state("binary_sensor.front_door", "off", "on", door, minutes: 600),
            #"The door sensor "Front Door" was opened."#, "off>on", .active),
        // Where off is the event.
        Case(
            .state("binary_sensor.wan", "on", "off", #""device_class":"connectivity""#),
            #"The connection "wan" lost its connection, disconnected, went offline, is down."#, "on>off", .active),
        Case(
            .state("binary_sensor.front_door", "on", "unavailable", door),
            #"The door sensor "Front Door" became unavailable, went offline."#, "unavailable", .active),
        Case(
            .state("binary_sensor.front_door", "unavailable", "on", door),
            #"The door sensor "Front Door" is available again, back online, and is open."#, "available", .rest),
        Case(
            .state("binary_sensor.front_door", nil, "on", door),
            #"The door sensor "Front Door" was added, is new, and is open."#, "added", .active),
        Case(
            .state("binary_sensor.front_door", "on", nil, door),
            #"The door sensor "Front Door" was removed, deleted."#, "removed", .rest),
        Case(
            .state("sensor.attic", "20.1", "21.4", warmth),
            #"The temperature sensor "Attic" rose to about 21 °C, mild, comfortable."#, "up", .neutral),
        Case(
            .state("sensor.attic", "3.2", "2.1", warmth),
            #"The temperature sensor "Attic" fell to about 2 °C, near freezing, icy cold."#, "down", .neutral),
        Case(
            .state("sensor.attic", "21.2", "21.1", warmth),
            #"The temperature sensor "Attic" stayed at about 21 °C, mild, comfortable."#, "same", .neutral),
        Case(
            .state("sensor.attic", "21.1", "21.1", warmth),
            #"The temperature sensor "Attic" stayed at about 21 °C, mild, comfortable."#, "same", .neutral),
        Case(
            .state("sensor.attic", "unknown", "21.1", warmth),
            #"The temperature sensor "Attic" is now at about 21 °C, mild, comfortable."#, "number", .neutral),
        Case(
            .state(
                "scene.movie", "2026-11-17T19:00:00+00:00", "2026-11-18T19:00:00+00:00", #""friendly_name":"Movie""#),
            #"The scene "Movie" was activated, turned on."#, "activated", .active),
        Case(
            .state("button.reboot", "unknown", "2026-11-18T19:00:00+00:00"), #"The button "reboot" was pressed."#,
            "pressed", .active),
        Case(
            .state(
                "event.bell", "2026-11-17T19:00:00+00:00", "2026-11-18T19:00:00+00:00",
                #""device_class":"doorbell","event_type":"ring""#), #"The doorbell "bell" rang, bell was pressed."#,
            "event:ring", .active),
        Case(
            .state("person.max", "not_home", "home", #""friendly_name":"Max""#, minutes: 300),
            #"The person "Max" came home, arrived at the house after being away for hours, a long time."#,
            "not_home>home", .active),
        Case(
            .state("person.max", "home", "Work", #""friendly_name":"Max""#),
            #"The person "Max" arrived at Work, is at Work."#, "home>Work", .neutral),
        Case(
            .state(
                "media_player.tv", "off", "playing",
                #""device_class":"tv","media_title":"The Bear","media_artist":"Disney+""#),
            #"The television, TV "tv" was turned on, switched on, and started playing "The Bear" by Disney+."#,
            "off>playing", .active),
        Case(
            .state("lock.front", "locked", "unlocked", #""changed_by":"Keypad""#),
            #"The door lock "front" was unlocked by Keypad."#, "locked>unlocked", .active),
        Case(
            .state("input_select.mode", "away", "home"), #"The selection "mode" was set to home."#, "away>home",
            .neutral),
        Case(
            .state("sensor.run", "Run 17 at 2026-11-18 09:12:13", "Run 18 at 2026-11-18 09:13:13"),
            #"The sensor "run" changed to Run at."#, "Run at>Run at", .neutral),
        Case(
            .state("select.program", "Eco", "30", ""), #"The selection "program" was set to 30."#, "Eco>30", .neutral),
        Case(
            .state("weather.home", "sunny", "rainy", ""),
            #"The weather "home" became rainy, it started raining."#, "to:rainy", .active),
    ]

    @Test(arguments: changes) func saysWhatChanged(_ item: Case) throws {
        let document = try item.frame.document()
        #expect(document.text == item.text)
        #expect(document.transition == item.transition)
        #expect(document.polarity == item.polarity)
    }

    private static let attributes: [Case] = [
        Case(
            .state("light.desk", "on", "on", #""brightness":51"#, old: #""brightness":255"#),
            #"The light "desk" was dimmed, brightness turned down to about 20 %."#, "attr:brightness", .rest),
        Case(
            .state("climate.den", "heat", "heat", #""temperature":21.5"#, old: #""temperature":18"#),
            #"The thermostat, heating and cooling "den" target temperature was set warmer, turned up to about 22 degrees."#,
            "attr:temperature", .active),
        Case(
            .state("climate.den", "heat", "heat", #""hvac_action":"heating""#, old: #""hvac_action":"idle""#),
            #"The thermostat, heating and cooling "den" started heating, warming up."#, "action:heating", .active),
        Case(
            .state("climate.den", "heat", "heat", #""current_temperature":21"#, old: #""current_temperature":20"#),
            #"The thermostat, heating and cooling "den" is set to heating as before, details changed."#, "attr",
            .neutral),
        Case(
            .state("media_player.den", "playing", "playing", #""volume_level":0.6"#, old: #""volume_level":0.2"#),
            #"The media player "den" volume was turned up, louder, to about 60 %."#, "attr:volume_level", .active),
        Case(
            .state(
                "media_player.den", "playing", "playing", #""is_volume_muted":true"#, old: #""is_volume_muted":false"#),
            #"The media player "den" was muted, silent."#, "attr:is_volume_muted", .rest),
        Case(
            .state(
                "media_player.den", "playing", "playing", #""media_artist":"Queen","media_title":"One""#,
                old: #""media_artist":"Queen","media_title":"Two""#),
            #"The media player "den" is now playing "One" by Queen."#, "attr:media", .active),
        Case(
            .state("cover.den", "open", "open", #""current_position":40"#, old: #""current_position":100"#),
            #"The cover "den" was closed further, moved to about 40 % open."#, "attr:current_position", .rest),
    ]

    @Test(arguments: attributes) func saysWhichAttributeChanged(_ item: Case) throws {
        let document = try item.frame.document()
        #expect(document.text == item.text)
        #expect(document.transition == item.transition)
        #expect(document.polarity == item.polarity)
    }

    private static let others: [Case] = [
        Case(
            .other(
                "call_service",
                #""domain":"light","service":"turn_off","service_data":{"entity_id":["light.desk_lamp","light.x"]}"#),
            #"The service light was called, a command was sent to turn off, switch off the light "desk lamp" and "x"."#,
            "call_service:light.turn_off", .rest),
        Case(
            .other(
                "automation_triggered",
                #""name":"Wake up","entity_id":"automation.wake_up","source":"state of binary_sensor.bed""#),
            #"The automation "Wake up" was triggered, ran, because of state of binary sensor bed."#,
            "automation_triggered", .active),
        Case(
            .other("tag_scanned", #""tag_id":"a","name":"Cat feeder""#),
            #"The tag, NFC RFID sticker "Cat feeder" was scanned."#, "tag_scanned", .active),
        Case(
            .other("call_service", #""domain":"script","service":"good_night","service_data":{}"#),
            "The service script was called, a command was sent: good night script.", "call_service:script.good_night",
            .active),
        Case(.other("tag_scanned"), "The tag, NFC RFID sticker was scanned.", "tag_scanned", .active),
        Case(
            .other("timer.finished", #""entity_id":"timer.egg""#),
            #"The timer "egg" finished, countdown ran out, time is up."#, "timer.finished", .rest),
        Case(
            .other("garden_gnome.moved", #""name":"Gnorman","action":"turned_left","secret":"x""#),
            "The event garden gnome moved happened: Gnorman, turned left.", "garden_gnome.moved:turned_left", .neutral),
    ]

    @Test(arguments: others) func saysWhatOtherEventsTell(_ item: Case) throws {
        let document = try item.frame.document()
        #expect(document.text == item.text)
        #expect(document.transition == item.transition)
        #expect(document.polarity == item.polarity)
    }

    @Test func usesTheNamesOfTheRegistriesAndTheAreas() throws {
        var house = HouseContext(timeZone: "UTC")
        house.entities["light.a"] = EntityContext(name: "Lamp", area: "Attic", deviceClass: nil)
        house.entities["cover.b"] = EntityContext(name: "x", area: "Office", deviceClass: "blind")
        let light = try EventFrame.state("light.a", "off", "on").document(house: house)
        #expect(light.text == #"The light "Lamp" in Attic was turned on, switched on."#)
        #expect(light.area == "Attic")
        // The state's own name comes first, and holds the area already.
        let cover = EventFrame.state("cover.b", "closing", "closed", #""friendly_name":"office window""#)
        #expect(try cover.text(house: house) == #"The window blind "office window" was closed, lowered down."#)
        #expect(try cover.document(house: house).kind == "cover/blind")
        let call = EventFrame.other(
            "call_service", #""domain":"light","service":"toggle","service_data":{"entity_id":"light.a"}"#)
        #expect(try call.text(house: house).hasSuffix(#"toggle, switch the light "Lamp" in Attic."#))
    }

    @Test(arguments: ["time_changed", "state_reported", "…"]) func keepsSilentWhereNothingIsSaid(type: String) throws {
        var describer = EventDescriber(connection: EventFrame.connection, house: HouseContext())
        #expect(try EventFrame.other(type).described(by: &describer) == nil)
    }

    @Test func tellsHowAnEntityStandsInASnapshot() throws {
        var describer = EventDescriber(connection: EventFrame.connection, house: HouseContext())
        let json =
            #"{"entity_id":"lock.a","state":"unlocked","attributes":{},"last_updated":"2026-11-18T09:00:00+00:00"}"#
        let bytes = Array(json.utf8)
        let texts = try bytes.withUnsafeBufferPointer { buffer in
            let event = try EventDecoder(buffer).snapshotState(in: 0..<buffer.count)
            return [nil, "locked", "unlocked"].map { before in
                describer.describe(event, in: buffer, previousState: before.map { Array($0.utf8) }, isLive: false)?
                    .document()?.text
            }
        }
        #expect(
            texts == [
                #"The door lock "a" is unlocked."#, #"The door lock "a" was unlocked."#,
                #"The door lock "a" is unlocked as before, details changed."#,
            ])
    }

    @Test func putsTheTimeOfDayByTheClockOfTheHouse() throws {
        let house = HouseContext(timeZone: "Asia/Tokyo")
        let frame = EventFrame.state("light.a", "off", "on", at: "2026-11-20T15:30:00.000000+00:00")
        let document = try frame.document(house: house)
        #expect(document.dayPart == .night)
        let utc = try frame.document()
        #expect(utc.dayPart == .afternoon)
        #expect(utc.text == document.text)
    }
}
