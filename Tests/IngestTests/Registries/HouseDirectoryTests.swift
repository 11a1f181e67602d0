import BridgeCore
import Embedding
import Testing

@testable import Ingest

@Suite struct HouseDirectoryTests {
    private let home = ConnectionID()

    @Test func itsNumberGrowsWithEachChangeAndWithNothingElse() {
        let directory = HouseDirectory()
        #expect(directory.context(of: home) == nil && directory.generation == 0)
        let first = HouseContext(entities: ["a.b": EntityContext(area: "Kitchen")], timeZone: "Europe/Berlin")
        #expect(directory.publish(first, for: home))
        #expect(directory.context(of: home) == first && directory.generation == 1)
        #expect(!directory.publish(first, for: home) && directory.generation == 1)
        #expect(directory.publish(HouseContext(), for: home) && directory.generation == 2)
    }

    @Test func whatWasStoredDoesNotReplaceWhatWasListed() {
        let directory = HouseDirectory()
        let listed = HouseContext(timeZone: "Europe/Paris")
        let stored = HouseContext(timeZone: "Europe/Berlin")
        #expect(directory.publish(listed, for: home))
        #expect(!directory.publish(stored, for: home, isFallback: true) && directory.generation == 1)
        #expect(directory.context(of: home) == listed)
        let other = ConnectionID()
        #expect(directory.publish(stored, for: other, isFallback: true) && directory.context(of: other) == stored)
    }

    @Test func anEntityHasItsOwnAreaElseItsDevices() {
        let registries = HouseRegistries(
            areas: [RegistryArea(areaID: "k", name: "Kitchen"), RegistryArea(areaID: "l", name: "Living Room")],
            devices: [
                RegistryDevice(deviceID: "d", areaID: "k"), RegistryDevice(deviceID: "gone", areaID: "nowhere"),
                RegistryDevice(deviceID: "none"),
            ],
            entities: [
                RegistryEntity(registryID: "1", entityID: "a.own", deviceID: "d", areaID: "l"),
                RegistryEntity(registryID: "2", entityID: "a.device", deviceID: "d"),
                RegistryEntity(registryID: "3", entityID: "a.unknown", name: "N", deviceID: "gone", areaID: "nowhere"),
                RegistryEntity(registryID: "4", entityID: "a.bad", deviceID: "d", areaID: "nowhere"),
                RegistryEntity(registryID: "5", entityID: "a.plain", deviceID: "none"),
                RegistryEntity(registryID: "6", entityID: "a.class", deviceID: "missing", deviceClass: "door"),
            ])
        let context = HouseContext(registries, timeZone: "Europe/Berlin")
        #expect(
            context
                == HouseContext(
                    entities: [
                        "a.own": EntityContext(area: "Living Room"), "a.device": EntityContext(area: "Kitchen"),
                        "a.unknown": EntityContext(name: "N"), "a.bad": EntityContext(area: "Kitchen"),
                        "a.class": EntityContext(deviceClass: "door"),
                    ], timeZone: "Europe/Berlin"))
        #expect(HouseContext(HouseRegistries(), timeZone: nil) == HouseContext())
    }
}
