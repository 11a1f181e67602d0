import BridgeCore
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct OverrideTests {
    /// Half an hour ago: whatever follows within five minutes is there.
    private static let start = Timestamp.now.adding(seconds: -1_800)

    /// Stores a successful run of one second with the context `c-run`.
    private static func run(
        _ rig: ExecutionRig, _ automation: AutomationID, _ run: String = "1", at time: Timestamp = start,
        status: ExecutionStatus = .success
    ) async throws {
        _ = try await rig.repository.record(
            [
                ObservedRun(
                    automation: automation, runID: run, status: status, startedAt: time,
                    completedAt: time.adding(seconds: 1), contextID: "c-\(run)", traceSummary: "{}")
            ], of: rig.connection)
    }

    /// A change of `entity`, `seconds` after the start.
    private static func change(
        _ rig: ExecutionRig, _ entity: String, _ seconds: Double, _ old: String, _ new: String,
        context: String = "other", parent: String? = nil, user: String? = nil
    ) async throws {
        try await rig.store(
            "state_changed", entity, at: start.adding(.milliseconds(Int(seconds * 1_000))), context: context,
            parent: parent, user: user, from: old, to: new)
    }

    /// Runs the check on one run whose effect was to switch `entity` on, after `body` has stored what followed.
    private static func check(
        _ entity: String = "light.a", _ body: @Sendable @escaping (ExecutionRig) async throws -> Void
    ) async throws -> StoredExecution {
        let found = LockedExecution()
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            try await run(rig, automation)
            try await change(rig, "automation.lab", 0, "on", "on", context: "c-1")
            try await change(rig, entity, 0.5, "off", "on", context: "c-1")
            try await body(rig)
            let check = try #require(try await rig.repository.checkOverrides(of: rig.connection))
            #expect(check.checked == 1)
            await found.set(try #require(try await rig.executions(automation).first))
            #expect(try await rig.repository.checkOverrides(of: rig.connection)?.checked == 0)
        }
        return try #require(await found.value)
    }

    private actor LockedExecution {
        var value: StoredExecution?
        func set(_ execution: StoredExecution) { value = execution }
    }

    @Test func aPersonSwitchesBack() async throws {
        let run = try await Self.check { rig in
            try await Self.change(rig, "light.a", 10, "on", "off", user: "ann")
        }
        #expect(run.effectCount == 1 && run.overriddenAt == Self.start.adding(seconds: 10))
        #expect(run.overrideDetails?.contains(#""entity_id": "light.a""#) == true)
        #expect(run.overridesCheckedAt != nil)
    }

    @Test func aSwitchOnTheWallIsAPerson() async throws {
        let run = try await Self.check { rig in try await Self.change(rig, "light.a", 10, "on", "off") }
        #expect(run.overriddenAt != nil)
    }

    /// Sensors come and go by themselves, unless a person is behind it.
    @Test func thingsThatChangeByThemselvesAreNoPerson() async throws {
        let run = try await Self.check("timer.a") { rig in try await Self.change(rig, "timer.a", 10, "on", "off") }
        #expect(run.effectCount == 1 && run.overriddenAt == nil && run.overrideDetails == nil)
        let user = try await Self.check("timer.a") { rig in
            try await Self.change(rig, "timer.a", 10, "on", "off", user: "ann")
        }
        #expect(user.overriddenAt != nil)
    }

    @Test func automationsReverseNothing() async throws {
        // Caused by something, and the run itself.
        let caused = try await Self.check { rig in
            try await Self.change(rig, "light.a", 10, "on", "off", context: "x", parent: "y")
        }
        #expect(caused.overriddenAt == nil)
        let own = try await Self.check { rig in
            try await Self.change(rig, "light.a", 0.8, "on", "off", context: "c-1")
        }
        #expect(own.overriddenAt == nil && own.effectCount == 2)
        // Another automation that a time started: its context has no parent.
        let other = try await Self.check { rig in
            let second = try await rig.add("second")
            try await Self.run(rig, second, "2", at: Self.start.adding(seconds: 9), status: .failure)
            try await Self.change(rig, "light.a", 10, "on", "off", context: "c-2")
        }
        #expect(other.overriddenAt == nil)
    }

    @Test func tooLateOrSomethingElse() async throws {
        let late = try await Self.check { rig in
            try await Self.change(rig, "light.a", 301, "on", "off", user: "ann")
        }
        #expect(late.overriddenAt == nil)
        let forward = try await Self.check { rig in
            try await Self.change(rig, "light.a", 10, "on", "on", user: "ann")
            try await Self.change(rig, "light.b", 11, "on", "off", user: "ann")
        }
        #expect(forward.overriddenAt == nil)
        let lost = try await Self.check { rig in
            try await Self.change(rig, "light.a", 10, "on", "unavailable", user: "ann")
        }
        #expect(lost.overriddenAt == nil)
    }

    /// What a script did that the run called, and the opposite of a state that came from nowhere.
    @Test func effectsOfWhatTheRunCaused() async throws {
        let run = try await Self.check { rig in
            try await Self.change(rig, "cover.a", 0.7, "unavailable", "open", context: "sub", parent: "c-1")
            try await Self.change(rig, "cover.a", 60, "open", "closed", user: "ann")
        }
        #expect(run.effectCount == 2 && run.overriddenAt == Self.start.adding(seconds: 60))
    }

    /// A run is looked at only when everything until five minutes after it is stored.
    @Test func waitsForTheWatermark() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            try await Self.run(rig, automation)
            try await Self.run(rig, automation, "2", at: Timestamp.now.adding(seconds: -200))
            try await Self.run(rig, automation, "3", status: .failure)
            _ = try await rig.session.query(
                "INSERT INTO home_assistant_connection_watermarks (connection_id, seen_until) VALUES ($1, $2)",
                [.id(rig.connection), .timestamp(Self.start.adding(seconds: 200))])
            #expect(try await rig.repository.checkOverrides(of: rig.connection)?.checked == 0)
            _ = try await rig.session.query(
                "UPDATE home_assistant_connection_watermarks SET seen_until = $1", [.timestamp(.now)])
            #expect(try await rig.repository.checkOverrides(of: rig.connection)?.checked == 1)
        }
    }

    /// Runs that lie days apart have their turn one after the other.
    @Test func runsFarApartAreLookedAtInParts() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            for day in 0..<3 {
                try await Self.run(rig, automation, "\(day)", at: Self.start.adding(seconds: -86_400 * Int64(day)))
            }
            try await Self.run(rig, automation, "3", at: Self.start.adding(seconds: -60))
            var parts: [Int] = []
            while let check = try await rig.repository.checkOverrides(of: rig.connection), check.checked > 0 {
                parts.append(check.checked)
            }
            #expect(parts == [1, 1, 2])
        }
    }
}
