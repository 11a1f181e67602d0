import BridgeCore
import Embedding
import Testing

@Suite struct EmbeddingKeyPurityTests {
    private static func frames() -> [EventFrame] {
        var frames: [EventFrame] = []
        for entity in 0..<20 {
            let name = #""friendly_name":"Sensor \#(entity)","device_class":"temperature","unit_of_measurement":"°C""#
            for value in 0..<20 {
                frames.append(.state("sensor.s\(entity)", "\(value)", "\(value * 3 % 17).4", name))
            }
            frames.append(
                .state(
                    "light.l\(entity)", "on", "on", #""brightness":\#(entity * 10)"#,
                    old: #""brightness":\#(entity * 3)"#))
            frames.append(.state("media_player.m\(entity)", "idle", "playing", #""media_title":"Song \#(entity)""#))
            frames.append(.state("lock.k\(entity)", "locked", "unlocked", #""friendly_name":"T\u0075r \#(entity)""#))
            frames.append(.other("zha_event", #""command":"on","name":"Remote \#(entity)""#))
        }
        return frames
    }

    private static func key(of frame: EventFrame, _ connection: ConnectionID = EventFrame.connection) throws
        -> EmbeddingKey?
    {
        var describer = EventDescriber(connection: connection, house: HouseContext())
        return try frame.described(by: &describer)?.key
    }

    @Test func doesNotDependOnWhatWasSeenBefore() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("Seed of the order: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let frames = Self.frames()
        let alone = try frames.map { try Self.key(of: $0) }
        #expect(!alone.contains(nil))
        var describer = EventDescriber(connection: EventFrame.connection, house: HouseContext())
        for _ in 0..<3 {
            for index in frames.indices.shuffled(using: &generator) {
                let described = try #require(try frames[index].described(by: &describer))
                #expect(described.key == alone[index], "\(frames[index].json)")
                #expect(try described.document() == frames[index].document())
            }
        }
    }

    @Test func isTheSameWhetherTheDecoderNotedTheAttributesOrNot() throws {
        let many = (0..<200).map { "\"key_\($0)\":\($0)" }.joined(separator: ",")
        let odd = [
            "", #""friendly_name":"T\u00fcr \"1\"","device_class":null"#, #" "brightness" : 7 , "effect" : "" "#,
            #""brightness":1,"brightness":2"#, #""rgb_color":[1,2,{"effect":"no"}],"is_on":true,"effect":"ende""#,
            #""brightness":1e999,"effect":"x""#, #""friend\u006cy_name":"no name""#,
            // More than are noted.
            many + #","friendly_name":"Last","brightness":3"#, #""friendly_name":"First","# + many,
        ]
        let pairs = odd.flatMap { new in odd.map { EventFrame.state("light.a", "on", "on", new, old: $0) } }
        var noted = EventDescriber(connection: EventFrame.connection, house: HouseContext())
        var scanned = noted
        for frame in Self.frames() + pairs + pairs {
            // A number that no row may hold is refused before anyone describes it.
            guard let first = try? frame.described(by: &noted) else { continue }
            let second = try #require(try frame.described(by: &scanned, isNoted: false))
            #expect(first.key == second.key, "\(frame.json)")
            #expect(first.document() == second.document(), "\(frame.json)")
        }
    }

    /// Keys are kept in databases: another text is another version, and this key tells.
    @Test func isTheSameInEveryProcess() throws {
        let frame = EventFrame.state("light.desk", "off", "on", #""friendly_name":"Desk""#)
        // SHA-256 of the bytes that `KeyMaker` describes, computed by other means.
        let key = try Self.key(of: frame)?.description
        #expect(key == "79536f15d73dd8e4cfe06fa91314e002")
    }

    @Test func differsBetweenConnectionsPartsOfTheDayAndDocuments() throws {
        let frame = EventFrame.state("light.desk", "off", "on")
        let key = try #require(try Self.key(of: frame))
        #expect(try Self.key(of: frame, ConnectionID()) != key)
        let variants: [EventFrame] = [
            .state("light.desk", "off", "on", at: "2026-11-18T23:00:00.000000+00:00"),
            .state("light.desk", "on", "off"), .state("light.desk2", "off", "on"),
            .state("light.desk", "off", "on", #""friendly_name":"Desk""#),
        ]
        for variant in variants { #expect(try Self.key(of: variant) != key, "\(variant.json)") }
        // What no text tells makes no other key.
        let equal = EventFrame.state(
            "light.desk", "off", "on", #""supported_features":44"#, at: "2026-11-19T10:10:00.000000+00:00")
        #expect(try Self.key(of: equal) == key)
    }

    @Test func roundsNumbersUntilTheyAreWorthAnotherText() throws {
        let attributes = #""device_class":"power","unit_of_measurement":"W""#
        let texts = try (1_600...3_400).map {
            try EventFrame.state("sensor.p", "10", "\($0)", attributes).text()
        }
        #expect(Set(texts).count == 1)
    }

    @Test func followsTheHouseWhenItChanges() throws {
        var describer = EventDescriber(connection: EventFrame.connection, house: HouseContext())
        let frame = EventFrame.state("light.desk", "off", "on")
        let before = try #require(try frame.described(by: &describer))
        describer.update(
            house: HouseContext(
                entities: ["light.desk": EntityContext(name: "Desk", area: "Office")], timeZone: "Asia/Tokyo"))
        let after = try #require(try frame.described(by: &describer))
        #expect(after.document()?.text == #"The light "Desk" in Office was turned on, switched on."#)
        #expect(after.document()?.dayPart == .evening)
        #expect(after.key != before.key)
    }

    @Test(arguments: [
        "\\u0000", "\\ud800", "Ku\\u0308che", "猫の部屋", "🏠🔥", String(repeating: "x", count: 101),
        String(repeating: "word ", count: 300), "", "   ", "a\\nb\\tc", "\\\"quoted\\\"", "\u{202E}",
        String(repeating: "é", count: 300), "\u{FEFF}",
    ])
    func makesOneSoundLineOfHostileNames(name: String) throws {
        for frame: EventFrame in [
            .state("light.a", "off", "on", #""friendly_name":"\#(name)""#), .state("sensor.a", "x", name),
            .state("media_player.a", "off", "playing", #""media_title":"\#(name)""#),
            .other("custom", #""name":"\#(name)""#),
            .state("sensor.a", "1", "2", #""device_class":"\#(name)","unit_of_measurement":"\#(name)""#),
        ] {
            let document = try frame.document()
            #expect(!document.text.unicodeScalars.contains { $0.properties.generalCategory == .control })
            #expect(document.text.count <= 500)
            #expect(!document.text.contains("  "))
            #expect(document.text.hasPrefix("The "))
        }
        #expect(
            try EventFrame.state("light.a", "off", "on", #""friendly_name":"Ku\u0308che""#).text().contains(
                "K\u{FC}che"))
    }
}

/// SplitMix64, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
