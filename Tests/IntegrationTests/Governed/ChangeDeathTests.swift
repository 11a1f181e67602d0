import BridgeConcurrency
import Foundation
import TestSupport
import Testing

/// A change of a house in the middle of which the built program, or Home Assistant, dies: the old configuration or the new one is in
/// place afterwards, and the tables say which.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct ChangeDeathTests {
    private static func automation(_ mode: String) -> String {
        #"{"id":"porch","alias":"Porch","triggers":[{"trigger":"event","event_type":"porch"}],"conditions":[],"#
            + #""actions":[{"event":"porch_done"}],"mode":"\#(mode)"}"#
    }

    /// Proposes another mode for the automation and approves it, while no bridge need run.
    static func approve(_ rig: ProcessRig, mode: String) async throws -> String {
        let file = try rig.bridge.file("porch-\(UUID()).json", automation(mode))
        let proposed = try await rig.bridge(
            "automation", "propose", "--file", file, "--user", "anna", "--approver", "ben", "--json")
        let object = try #require(proposed.json as? [String: Any], "\(proposed.output)\(proposed.errors)")
        let id = try #require(object["id"] as? String, "\(object)")
        let approved = try await rig.bridge("approval", "approve", id, "--user", "ben", "--no-wait")
        try #require([0, 75].contains(approved.status), "\(approved.errors)")
        return id
    }

    /// How the operation of a workflow stands: status and step.
    static func standing(_ rig: ProcessRig, _ workflow: String) async throws -> String {
        try await rig.value(
            "SELECT status || ' ' || step FROM automation_apply_operation WHERE workflow_id = '\(workflow)'") ?? "-"
    }

    private static func addBen(_ rig: ProcessRig) async throws {
        let added = try await rig.bridge("user", "add", "ben", "--email", "ben@example.org")
        try #require(added.status == 0)
    }

    private static func isListed(_ rig: ProcessRig) async throws -> Bool {
        try await rig.eventually(within: .seconds(40)) {
            try await rig.count(
                "SELECT count(*) FROM automation_backup JOIN automation_management AS a ON a.id = automation_id "
                    + "WHERE home_assistant_automation_id = 'porch'") > 0
        }
    }

    @Test(arguments: CrashPoint.ofChange) func aBridgeThatDiesGoesOnAfterItsStart(_ point: CrashPoint) async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        fake.automations.add("porch", Self.automation("single"))
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            try await Self.addBen(rig)
            let first = try rig.start()
            try #require(try await Self.isListed(rig), "\(first.log)")
            first.kill()
            let workflow = try await Self.approve(rig, mode: "queued")

            rig.bridge.environment["BRIDGE_CRASH_AT"] = point.rawValue
            let dying = try rig.start()
            let end = try await dying.ended(within: .seconds(40))
            #expect(end?.status == -SIGKILL, "\(point.rawValue) was not reached. \(dying.log)")
            let mode = fake.automations.entries["porch"]?.json.contains("queued") == true ? "queued" : "single"
            #expect(fake.automations.entries["porch"]?.json.contains(#""mode":"\#(mode)""#) == true)
            #expect(try await Self.standing(rig, workflow).hasPrefix("IN_PROGRESS"))

            rig.bridge.environment["BRIDGE_CRASH_AT"] = nil
            let last = try rig.start()
            // The tables may still say what the one before has left in them.
            #expect(try await rig.eventually(within: .seconds(40)) { !last.lines(with: "Subscribed").isEmpty })
            let isWatched = try await rig.eventually(within: .seconds(40)) {
                try await Self.standing(rig, workflow) == "IN_PROGRESS WATCH"
            }
            let standing = try await Self.standing(rig, workflow)
            #expect(isWatched, "\(standing) \(last.log)")
            #expect(try await rig.eventually { try await rig.status() == "connected" })
            #expect(fake.automations.entries["porch"]?.json.contains(#""mode":"queued""#) == true)
            // Written once: what had arrived before the crash was not written again.
            #expect(fake.automations.changes.count == 1, "\(fake.automations.changes)")
            last.terminate()
            let stop = try await last.ended()
            #expect(stop?.status == 0, "\(point.rawValue): \(String(describing: stop)) \(last.log)")
            let verified = try await rig.bridge("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        }
    }

    // MARK: Home Assistant dies

    private static let control = ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_CONTROL"]

    private static func house(_ word: String) async throws {
        let control = try #require(control)
        let directory = try #require(ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_DIR"])
        let (end, output) = try await ChildProcess.run("/bin/bash", [control, word, directory])
        try #require(end == .exit(0), "\(word): \(output)")
    }

    private static func isFrozen(_ process: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = status.lastIndex(of: ")")
        else { return false }
        return status[end...].dropFirst(2).first == "T"
    }

    @Test(
        .enabled(if: control != nil && TestHomeAssistant.given != nil),
        arguments: [CrashPoint.beforeHouseWrite, .afterHouseWrite, .beforeReload, .beforeReadBack])
    func aHouseThatDiesHasTheOldOrTheNewAfterItsStart(_ point: CrashPoint) async throws {
        let house = try RealHouse()
        let path = "/api/config/automation/config/porch"
        try #require(house.ask("POST", path, Self.automation("single")).status == 200)
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            try await Self.addBen(rig)
            rig.bridge.environment["BRIDGE_FREEZE_AT"] = point.rawValue
            rig.bridge.environment["BRIDGE_TIME_SCALE"] = "10"
            let process = try rig.start()
            try #require(try await Self.isListed(rig), "\(process.log)")
            let workflow = try await Self.approve(rig, mode: "queued")
            let isFrozen = try await rig.eventually(within: .seconds(30)) { Self.isFrozen(process.processID) }
            try #require(isFrozen, "\(point.rawValue) was not reached. \(process.log)")
            try await Self.house("kill")
            Foundation.kill(process.processID, SIGCONT)
            try await Task.sleep(for: .milliseconds(500))
            try await Self.house("start")
            var standing = ""
            let isSettled = try await rig.eventually(within: .seconds(90)) {
                standing = try await Self.standing(rig, workflow)
                return standing == "IN_PROGRESS WATCH" || !standing.hasPrefix("IN_PROGRESS")
            }
            #expect(isSettled, "\(standing) \(process.log)")
            let found = house.ask("GET", path).body
            if standing.hasPrefix("FAILED") {
                #expect(found.contains("\"single\""), "\(standing): \(found)")
            } else {
                #expect(found.contains("\"queued\""), "\(standing): \(found)")
            }
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            let verified = try await rig.bridge("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        }
        #expect(house.ask("DELETE", path).status == 200)
    }
}
