import BridgeConcurrency
import BridgeCore
import Foundation
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing
import WebSocketTransport

@testable import Automation

/// A session with a real Home Assistant whose events are stored and then told, in batches, as the bridge does.
private final class RealSession: FrameConsumer, SessionMeter {
    private struct Raw: Sendable {
        var type: String
        var entity: String
        var time: Timestamp
        var json: String
    }

    private let rig: ExecutionRig
    private let keeper: ExecutionKeeper
    private let mailbox: Mailbox<[UInt8]>

    init(_ rig: ExecutionRig, _ keeper: ExecutionKeeper) {
        self.rig = rig
        self.keeper = keeper
        mailbox = Mailbox(timer: rig.timer)
    }

    static var given: (url: String, token: String)? {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["HA_BRIDGE_TEST_HA_URL"], let file = environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"],
            let token = try? String(contentsOfFile: file, encoding: .utf8)
        else { return nil }
        return (url, token.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
    func release(_ bytes: Int, for connection: ConnectionID) {}
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
    func received(messages: Int, events: Int, errors: Int, unknown: Int) {}

    func accept(_ frame: ReceivedFrame) { for place in frame.events { mailbox.push(Array(frame.bytes[place])) } }

    func run(_ body: @Sendable @escaping (CommandPort) async throws -> Void) async throws {
        let (url, token) = try #require(Self.given)
        let loop = try WebSocketEventLoop(logger: TestDatabase.quietLogger)
        let session = Session(
            target: SessionTarget(
                connection: rig.connection, url: try HomeAssistantURL(url), token: Secret(Array(token.utf8))),
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: rig.timer), consumer: self,
            meter: self, logger: TestDatabase.quietLogger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.rig.timer.run() }
                group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
                group.addTask { try await self.storeAlways() }
                defer { group.cancelAll() }
                let port = try #require(await ports.first { _ in true })
                group.addTask { await self.keeper.follow(self.rig.connection, over: port) }
                try await body(port)
            }
        } catch {
            await loop.shutdown()
            throw error
        }
        await loop.shutdown()
    }

    /// Stores what gathers in a fifth of a second, and then tells of it.
    private func storeAlways() async throws {
        while !Task.isCancelled {
            var frames = await mailbox.next()
            guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { return }
            frames += mailbox.takeAll()
            var signals: [AutomationSignal] = []
            for frame in frames {
                guard let event = try? JSONSerialization.jsonObject(with: Data(frame)) as? [String: Any],
                    let type = event["event_type"] as? String, let data = event["data"] as? [String: Any],
                    let entity = data["entity_id"] as? String,
                    let time = (event["time_fired"] as? String).flatMap({ Timestamp(iso8601: $0) })
                else { continue }
                let context = event["context"] as? [String: Any]
                let new = data["new_state"] as? [String: Any]
                if type == "automation_triggered" {
                    signals.append(
                        .triggered(entityID: entity, at: time))
                } else if type == "state_changed" {
                    if entity.hasPrefix("automation.") { signals.append(.stateChanged(entityID: entity)) }
                } else {
                    continue
                }
                let current = (new?["attributes"] as? [String: Any])?["current"] as? Int
                try await rig.store(
                    type, entity, at: time, context: context?["id"] as? String,
                    parent: context?["parent_id"] as? String, user: context?["user_id"] as? String,
                    from: (data["old_state"] as? [String: Any])?["state"] as? String,
                    to: new?["state"] as? String, attributes: current.map { #"{"current": \#($0)}"# })
            }
            for signal in signals { keeper.receive(signal, of: rig.connection) }
        }
    }
}

/// Fires an event of Home Assistant's bus.
private func fire(_ type: String, _ port: CommandPort) async throws {
    _ = try await port.ask(#""type":"fire_event","event_type":"\#(type)","event_data":{}"#)
}

@Suite(
    .enabled("HA_BRIDGE_TEST_HA_URL or HA_BRIDGE_TEST_DATABASE_URL is not set.") {
        TestDatabase.isAvailable && RealSession.given != nil
    }, .serialized)
struct RealExecutionTests {
    private static let entities = [
        "lab_ok": "lab_ok", "lab_cond": "lab_condition_blocked", "lab_fail_service": "lab_failing_service",
        "lab_stop": "lab_stop", "lab_stop_error": "lab_stop_error", "lab_action_cond": "lab_action_condition_false",
        "lab_single": "lab_single", "lab_wait": "lab_wait_timeout", "lab_cond_error": "lab_condition_error",
        "lab_restart": "lab_restart", "lab_no_traces": "lab_zero_traces", "lab_many_traces": "lab_ten_traces",
        "lab_queued": "lab_queued_max_2",
    ]

    /// What Home Assistant says of the runs of an item, by run.
    private func listed(_ item: String, _ port: CommandPort) async throws -> [TraceEntry] {
        try await TraceReader(port).list(item: item).entries
    }

    @Test func eachOutcomeIsWhatHomeAssistantSays() async throws {
        try await ExecutionRig.with { rig in
            var ids: [String: AutomationID] = [:]
            for (item, entity) in Self.entities { ids[item] = try await rig.add(item, entity: "automation.\(entity)") }
            let automations = ids
            let start = Timestamp.now
            let session = RealSession(rig, rig.keeper())
            try await session.run { port in
                let expected: [(event: String, item: String, status: ExecutionStatus)] = [
                    ("lab_ok", "lab_ok", .success), ("lab_cond", "lab_cond", .blocked),
                    ("lab_fail", "lab_fail_service", .failure), ("lab_stop", "lab_stop", .success),
                    ("lab_stop_error", "lab_stop_error", .aborted), ("lab_action_cond", "lab_action_cond", .aborted),
                    ("lab_wait", "lab_wait", .aborted), ("lab_cond_error", "lab_cond_error", .blocked),
                    ("lab_zero", "lab_no_traces", .unknown), ("lab_restart", "lab_restart", .cancelled),
                    ("lab_single", "lab_single", .success),
                ]
                for (event, _, _) in expected { try await fire(event, port) }
                try await Task.sleep(for: .milliseconds(300))
                // The second one hits the first while it runs.
                try await fire("lab_restart", port)
                try await fire("lab_single", port)
                for (_, item, status) in expected {
                    let automation = try #require(automations[item])
                    try await eventually {
                        try await rig.executions(automation).contains { $0.status == status && $0.startedAt > start }
                    }
                }
                let single = try #require(automations["lab_single"])
                try await eventually {
                    try await rig.executions(single).filter { $0.startedAt > start }.map(\.status)
                        == [.success, .blocked]
                }
                let restart = try #require(automations["lab_restart"])
                try await eventually {
                    try await rig.executions(restart).filter { $0.startedAt > start }.map(\.status)
                        == [.cancelled, .success]
                }
                let failing = try #require(automations["lab_fail_service"])
                let failed = try #require(try await rig.executions(failing).last)
                #expect(failed.errorMessage == "Action nope.missing not found")
                #expect(failed.traceSummary?.contains(#""path": "action/0""#) == true)
                let aborting = try #require(automations["lab_action_cond"])
                let aborted = try #require(try await rig.executions(aborting).last)
                #expect(aborted.errorMessage == "The condition at action/0 did not hold.")
            }
        }
    }

    /// Ten bursts of twenty, each within a second: every trace that is still there agrees with its row, and the rest is unknown.
    @Test func burstsAreCountedInFull() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab_ok", entity: "automation.lab_ok")
            // As in a house, but for how long a trace is waited for.
            var pacing = ExecutionPacing()
            pacing.grace = .seconds(8)
            pacing.housekeeping = .seconds(1)
            let session = RealSession(rig, rig.keeper(pacing))
            let start = Timestamp.now
            try await session.run { port in
                for _ in 0..<10 {
                    for _ in 0..<20 {
                        try await fire("lab_ok", port)
                        try await Task.sleep(for: .milliseconds(40))
                    }
                    try await Task.sleep(for: .milliseconds(500))
                }
                try await eventually {
                    let runs = try await rig.executions(automation).filter { $0.startedAt > start }
                    return runs.count == 200 && !runs.contains { $0.status == .running }
                }
                let runs = try await rig.executions(automation).filter { $0.startedAt > start }
                #expect(runs.count == 200)
                let tally = Dictionary(runs.map { ($0.status, 1) }, uniquingKeysWith: +)
                print("200 runs in bursts of 20 in a second: \(tally)")
                let unsuccessful = try await rig.repository.list(
                    automation, since: start, statuses: [.failure, .aborted, .cancelled, .blocked], limit: 9)
                #expect(unsuccessful.isEmpty)
                #expect((tally[.success] ?? 0) + (tally[.unknown] ?? 0) == 200)
                for entry in try await listed("lab_ok", port) where entry.startedAt > start {
                    let row = try #require(runs.first { $0.runID == entry.runID })
                    #expect(row.status == .success && row.startedAt == entry.startedAt)
                    #expect(row.completedAt == entry.finishedAt && row.contextID == entry.contextID)
                }
                let figures = try await rig.figures(automation)
                #expect(figures[1] == 100)
            }
        }
    }
}
