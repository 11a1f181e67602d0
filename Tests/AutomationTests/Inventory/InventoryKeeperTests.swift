import BridgeCore
import HomeAssistantClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct InventoryKeeperTests {
    @Test func findsAutomationsWithWhatTheyLack() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { house in
                house.entities = ["light.hall"]
                house.disabled = ["light.attic"]
                house.automations = [
                    "automation.hall": .init(
                        id: "1", name: "Hall", mode: "queued",
                        configuration: """
                            {"id":"1","alias":"Hall","description":"Light","triggers":[{"trigger":"state","entity_id":"light.gone"}],\
                            "actions":[{"action":"light.turn_on","target":{"entity_id":["light.hall","light.attic"]}}]}
                            """),
                    "automation.nameless": .init(name: "Nameless", state: "off"),
                ]
            }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually {
                    try await rig.automations.list().contains {
                        $0.problems.count == 2 && $0.configurationDigest != nil
                    }
                }
                let hall = try await rig.automations.find("hall")
                #expect(hall.homeAssistantID == "1" && hall.entityID == "automation.hall" && hall.mode == "queued")
                #expect(hall.registryID == "registry-of-automation.hall" && hall.description == "Light")
                #expect(hall.isEnabled == true && hall.state == .active && hall.readOnlyReason == nil)
                #expect(
                    hall.problems == [
                        "It names an entity that does not exist: light.gone.",
                        "It names an entity that is disabled: light.attic.",
                    ])
                try await eventually { try await rig.automations.find("automation.nameless").problems.count == 1 }
                let nameless = try await rig.automations.find("Nameless")
                #expect(!nameless.hasOwnID && nameless.state == .paused && nameless.isEnabled == false)
                #expect(nameless.problems.first?.contains("id: nameless") == true)
                #expect(nameless.readOnlyReason != nil)
                #expect(try await rig.versions("1").map(\.type) == [.automatic])
                // What exists from now on is missing no more.
                rig.house.update { $0.entities.insert("light.gone") }
                keeper.receive(.registryChanged, of: rig.connection)
                try await eventually { try await rig.automations.find("hall").problems.count == 1 }
            }
        }
    }

    @Test func followsWhatHappensToAnAutomation() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: "a") }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { try await rig.state("a") == .active }
                for (state, expected) in [
                    ("off", LifecycleState.paused), ("on", .active), ("unavailable", .unavailable), ("on", .active),
                ] {
                    rig.house.update { $0.automations["automation.a"]?.state = state }
                    keeper.receive(.stateChanged(entityID: "automation.a"), of: rig.connection)
                    try await eventually { try await rig.state("a") == expected }
                }
                rig.house.update { $0.automations = [:] }
                keeper.receive(.registryChanged, of: rig.connection)
                try await eventually { try await rig.state("a") == .retired }
                rig.house.update { $0.automations["automation.b"] = .init(id: "a", name: "Renamed") }
                keeper.receive(.registryChanged, of: rig.connection)
                try await eventually { try await rig.state("a") == .active }
                #expect(
                    try await rig.history("a") == [
                        "- ACTIVE: Found in Home Assistant, switched on.",
                        "ACTIVE PAUSED: Switched off in Home Assistant.",
                        "PAUSED ACTIVE: Switched on in Home Assistant.",
                        "ACTIVE UNAVAILABLE: Home Assistant reports it unavailable. Its configuration is not valid.",
                        "UNAVAILABLE ACTIVE: Available again, switched on.",
                        "ACTIVE RETIRED: Gone from Home Assistant.",
                        "RETIRED ACTIVE: Reappeared in Home Assistant, switched on.",
                    ])
                let found = try await rig.automations.list()
                #expect(found.map(\.entityID) == ["automation.b"] && found.map(\.name) == ["Renamed"])
            }
        }
    }

    /// A reload makes every automation unavailable, and takes some away, for a moment.
    @Test func aBlinkMovesNothing() async throws {
        try await InventoryRig.with { rig in
            rig.house.update {
                $0.automations = ["automation.a": .init(id: "a"), "automation.b": .init(id: "b")]
            }
            var pacing = InventoryRig.quick
            pacing.dwell = .seconds(20)
            let keeper = rig.keeper(pacing)
            try await rig.following(keeper) {
                try await eventually { try await rig.automations.list().count == 2 }
                rig.house.update {
                    $0.automations["automation.a"]?.state = "unavailable"
                    $0.automations["automation.b"] = nil
                }
                let before = rig.house.count("get_states")
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { rig.house.count("get_states") > before }
                rig.house.update {
                    $0.automations["automation.a"]?.state = "on"
                    $0.automations["automation.b"] = .init(id: "b", name: "After")
                }
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { try await rig.automations.find("b").name == "After" }
                #expect(try await rig.history("a").count == 1)
                #expect(try await rig.history("b").count == 1)
            }
        }
    }

    @Test func comesBackDegradedWhereItWasDegraded() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: "a") }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { try await rig.state("a") == .active }
                let id = try await rig.automations.find("a").id
                _ = try await rig.session.query(
                    "SELECT automation_change_lifecycle($1, 'DEGRADED', 'Its score fell to 40.')", [.id(id)])
                for (state, expected) in [
                    ("off", LifecycleState.paused), ("unavailable", .unavailable), ("on", .degraded),
                ] {
                    rig.house.update { $0.automations["automation.a"]?.state = state }
                    keeper.receive(.stateChanged(entityID: "automation.a"), of: rig.connection)
                    try await eventually { try await rig.state("a") == expected }
                }
                // Once it has recovered, a pause ends in ACTIVE.
                _ = try await rig.session.query(
                    "SELECT automation_change_lifecycle($1, 'ACTIVE', 'Recovered.')", [.id(id)])
                for (state, expected) in [("off", LifecycleState.paused), ("on", .active)] {
                    rig.house.update { $0.automations["automation.a"]?.state = state }
                    keeper.receive(.stateChanged(entityID: "automation.a"), of: rig.connection)
                    try await eventually { try await rig.state("a") == expected }
                }
            }
        }
    }

    @Test func keepsAVersionOfEachEditAndOnlyOfEdits() async throws {
        try await InventoryRig.with { rig in
            let first = #"{"id":"a","alias":"A","trigger":{"platform":"event","event_type":"x"},"action":[]}"#
            rig.house.update { $0.automations["automation.a"] = .init(id: "a", configuration: first) }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { try await rig.versions("a").count == 1 }
                // Another spelling of the same is no edit.
                rig.house.update {
                    $0.automations["automation.a"]?.configuration =
                        #"{"id":"a","alias":"A","triggers":[{"trigger":"event","event_type":"x"}],"actions":[],"conditions":[]}"#
                }
                let before = rig.house.count("automation/config")
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { rig.house.count("automation/config") > before }
                rig.house.update {
                    $0.automations["automation.a"]?.configuration =
                        #"{"id":"a","alias":"A","triggers":[{"trigger":"event","event_type":"y"}],"actions":[]}"#
                }
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { try await rig.versions("a").count == 2 }
            }
            // A restart, and another bridge, find nothing new.
            for _ in 1...2 {
                let before = rig.house.count("automation/config")
                try await rig.following(rig.keeper()) {
                    try await eventually { rig.house.count("automation/config") > before }
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            let versions = try await rig.versions("a")
            #expect(versions.map(\.version) == [2, 1])
            #expect(try await rig.automations.find("a").configurationDigest == versions.first?.digest)
        }
    }

    /// A run ends with a state of the automation: it must not cost a listing of the whole house.
    @Test func runsCostNoListings() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: "a", name: "A") }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { try await rig.versions("a").count == 1 }
                let before = rig.house.commands.count
                for run in 0..<20 {
                    try await rig.storeState(
                        "automation.a", "on",
                        #"{"id":"a","friendly_name":"A","mode":"single","current":\#(run % 2),"last_triggered":"x"}"#)
                    for _ in 0..<100 { keeper.receive(.stateChanged(entityID: "automation.a"), of: rig.connection) }
                    keeper.receive(
                        .triggered(entityID: "automation.a", at: .init(microseconds: 0)),
                        of: rig.connection)
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(rig.house.commands.count == before)
                try await rig.storeState("automation.a", nil, "{}")
                rig.house.update { $0.automations = [:] }
                keeper.receive(.stateChanged(entityID: "automation.a"), of: rig.connection)
                try await eventually { try await rig.state("a") == .retired }
            }
            // Nobody follows any more: nothing gathers.
            keeper.receive(.reloaded, of: rig.connection)
            keeper.receive(.reloaded, of: ConnectionID())
        }
    }

    @Test func aStormOfSignalsCostsFewListings() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: "a") }
            var pacing = InventoryRig.quick
            pacing.afterSignal = .milliseconds(500)
            let keeper = rig.keeper(pacing)
            try await rig.following(keeper) {
                try await eventually { try await rig.versions("a").count == 1 }
                for number in 0..<10_000 {
                    keeper.receive(.stateChanged(entityID: "automation.x\(number)"), of: rig.connection)
                    keeper.receive(.registryChanged, of: rig.connection)
                }
                rig.house.update { $0.automations["automation.b"] = .init(id: "b") }
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { try await rig.state("b") == .active }
                #expect(rig.house.count("get_states") <= 5)
            }
        }
    }

    @Test func triesAgainWhatHomeAssistantHasNotLoadedYet() async throws {
        try await InventoryRig.with { rig in
            rig.house.update {
                $0.automations["automation.a"] = .init(id: "a")
                $0.failures["automation/config"] = .refused(code: "unknown_command", message: "Unknown command.")
            }
            try await rig.following(rig.keeper()) {
                try await eventually { rig.house.count("automation/config") >= 3 }
                #expect(try await rig.state("a") == .active)
                rig.house.update { $0.failures = [:] }
                try await eventually { try await rig.versions("a").count == 1 }
            }
        }
    }

    @Test func anAutomationThatIsGivenAnIdKeepsItsHistory() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: nil, name: "A") }
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { try await rig.automations.list().count == 1 }
                let id = try await rig.automations.find("automation.a").id
                rig.house.update { $0.automations["automation.a"]?.id = "own" }
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { try await rig.automations.list().first?.homeAssistantID == "own" }
                let found = try await rig.automations.list()
                #expect(found.map(\.id) == [id] && found.first?.hasOwnID == true)
                try await eventually { try await rig.automations.find("own").problems.isEmpty }
            }
        }
    }

    /// A bridge whose lease is another's by now writes nothing.
    @Test func writesNothingWithoutTheLease() async throws {
        try await InventoryRig.with { rig in
            rig.house.update { $0.automations["automation.a"] = .init(id: "a") }
            let foreign = LeaseClaims(bridge: BridgeID(), epochs: [rig.connection: 1])
            for keeper in [rig.keeper(claims: { _ in nil }), rig.keeper(claims: { _ in foreign })] {
                let before = rig.house.count("get_states")
                try await rig.following(keeper) {
                    try await eventually { rig.house.count("get_states") > before }
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            #expect(try await rig.automations.list().isEmpty)
        }
    }

    @Test func endsWithItsSession() async throws {
        try await InventoryRig.with { rig in
            let port = CommandPort { (_, _) throws(CommandFailure) in throw .disconnected }
            await rig.keeper().follow(rig.connection, over: port)
        }
    }
}
