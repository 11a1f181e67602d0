import Testing

@testable import Embedding

@Suite struct WordTableTests {
    @Test func everyRowOfTheStatesIsRead() {
        for table in [
            StateWords.openingTable, StateWords.detectionTable, StateWords.deviceTable, StateWords.placeTable,
            StateWords.weatherTable,
        ] {
            for (name, rows) in WordRows.sections(table) {
                for row in rows {
                    #expect(StateWords.words(row) != nil, "\(name): \(row)")
                    #expect(!row.contains(""), "\(name): \(row)")
                }
            }
        }
    }

    /// The device classes of Home Assistant's binary sensors.
    @Test(arguments: [
        "battery", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door", "garage_door", "gas", "heat",
        "light", "lock", "moisture", "motion", "moving", "occupancy", "opening", "plug", "power", "presence", "problem",
        "running", "safety", "smoke", "sound", "tamper", "update", "vibration", "window",
    ])
    func everyBinarySensorHasWordsOfItsOwn(deviceClass: String) throws {
        let kind = StateWords.kind(domain: "binary_sensor", deviceClass: deviceClass)
        let general = StateWords.kind(domain: "binary_sensor", deviceClass: nil)
        let on = try #require(kind["on"])
        let off = try #require(kind["off"])
        #expect(on.became != general["on"]?.became)
        #expect(on.polarity != off.polarity)
        // Where a connection or power is there all is well; its loss is the event.
        let isInverted = ["connectivity", "power"].contains(deviceClass)
        #expect(on.polarity == (isInverted ? .rest : .active))
        #expect(!DeviceWords.words(domain: "binary_sensor", deviceClass: deviceClass).isEmpty)
    }

    @Test func everyLevelAscendsToTheEnd() {
        for (quantity, levels) in LevelWords.levels {
            #expect(levels.last?.limit == .infinity || quantity == "energy", "\(quantity)")
            #expect(zip(levels, levels.dropFirst()).allSatisfy { $0.limit < $1.limit }, "\(quantity)")
        }
    }

    @Test func attributeNamesFitTheirSetAndAreFound() {
        #expect(AttributeName.allCases.count <= 64)
        let index = AttributeName.Index.shared
        for name in AttributeName.allCases where name != .target {
            let key = Array(name.key.utf8)
            #expect(key.withUnsafeBufferPointer { index.name(of: $0) } == name)
        }
        let unknown = Array("supported_features".utf8)
        #expect(unknown.withUnsafeBufferPointer { index.name(of: $0) } == nil)
    }

    @Test(arguments: [
        (0.0, "0"), (1.4, "1"), (1.6, "2"), (3.4, "2"), (3.6, "5"), (7.6, "10"), (0.034, "0.02"), (-160, "-200"),
        (23_456, "20000"), (0.0001, "0"), (999_999_999, "1000000000"), (0.09, "0.1"),
    ])
    func roundsToLeadingDigits(value: Double, text: String) {
        let rule = NumberRule(rounding: .leading, deadBand: .absolute(0))
        #expect(rule.round(value)?.text == text)
    }

    @Test(arguments: [
        (0.237, 5, -2, "0.25"), (0.01, 5, -2, "0"), (-3.6, 1, 0, "-4"), (47, 5, 0, "45"), (6.74, 5, -1, "6.5"),
    ])
    func roundsToSteps(value: Double, units: Int64, exponent: Int8, text: String) {
        let rule = NumberRule(rounding: .step(units: units, exponent: exponent), deadBand: .absolute(0))
        #expect(rule.round(value)?.text == text)
    }

    @Test func refusesNumbersBeyondWords() {
        let rule = NumberRule(rounding: .leading, deadBand: .absolute(0))
        #expect(rule.round(1e300) == nil)
        #expect(rule.round(.infinity) == nil)
        #expect(rule.round(.nan) == nil)
    }

    @Test func theTableOfRecentValuesForgetsTheLeastRecentlyUsed() {
        var table = RecentTable<Int>(capacity: 3)
        func key(_ text: String) -> ByteDigest { Array(text.utf8).withUnsafeBufferPointer { ByteDigest($0) } }
        func value(_ text: String) -> Int? { table.value(for: key(text)) }
        for (index, text) in ["a", "b", "c"].enumerated() { table.insert(index, for: key(text)) }
        #expect(value("a") == 0)
        table.insert(3, for: key("d"))
        #expect(value("b") == nil)
        #expect([value("a"), value("c"), value("d")] == [0, 2, 3])
        #expect(table.count == 3)
        for number in 0..<1_000 { table.insert(number, for: key("\(number)")) }
        #expect(table.count == 3)
        #expect([value("997"), value("998"), value("999"), value("a")] == [997, 998, 999, nil])
        // With more room it grows, and finds everything again; with less it grows no more.
        table.capacity = 2_000
        for number in 0..<1_500 { table.insert(number * 2, for: key("\(number)")) }
        #expect(table.count == 1_500)
        #expect((0..<1_500).allSatisfy { value("\($0)") == $0 * 2 })
        table.capacity = 10
        table.insert(-1, for: key("new"))
        #expect(table.count == 1_500 && value("new") == -1 && value("0") == nil && value("1") == 2)
        table.removeAll()
        #expect(table.count == 0 && value("1") == nil)
    }

    @Test func digestsTellBytesAndTheirEndsApart() {
        func digest(_ texts: [UInt8]...) -> ByteDigest {
            var digest = ByteDigest()
            for text in texts { text.withUnsafeBufferPointer { digest.add($0) } }
            return digest
        }
        #expect(digest(Array("light.desk".utf8)) == digest(Array("light.desk".utf8)))
        #expect(digest([1, 2], [3]) != digest([1], [2, 3]))
        #expect(digest([]) != digest() && digest([], []) != digest([]))
        // Each length has its own digest of zeros, and each bit counts.
        let zeros = (0..<100).map { digest([UInt8](repeating: 0, count: $0)) }
        let bits = (0..<800).map { bit -> ByteDigest in
            var bytes = [UInt8](repeating: 0, count: 100)
            bytes[bit / 8] = 1 << UInt8(bit % 8)
            return digest(bytes)
        }
        #expect(Set(zeros + bits).count == 900)
        #expect(Set((zeros + bits).map(\.high)).count == 900 && Set((zeros + bits).map(\.low)).count == 900)
    }
}
