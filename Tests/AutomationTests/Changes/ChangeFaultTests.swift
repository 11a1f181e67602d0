import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// The house dies, the bridge dies, a person stops everything: at each place of a change.
@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct ChangeFaultTests {
    /// A change of each kind.
    enum Kind: String, CaseIterable, Sendable {
        case create, modify, retire, rollback, restore
    }

    private static let quick: ChangePacing = {
        var pacing = ChangeRig.quick
        pacing.look = .milliseconds(15)
        pacing.reload = .milliseconds(60)
        pacing.settle = .milliseconds(40)
        pacing.betweenLooks = .milliseconds(5)
        pacing.watch = .milliseconds(30)
        pacing.betweenWatches = .milliseconds(5)
        return pacing
    }()

    /// A change that is due, and what the file has before and after it.
    private struct Case: Sendable {
        let id: String
        let row: AutomationID
        let operation: OperationKind
        let old: String?
        let new: String?
    }

    private static func prepare(_ kind: Kind, _ number: Int, _ rig: ChangeRig) async throws -> Case {
        let id = "\(kind.rawValue)_\(number)"
        switch kind {
        case .create:
            let row = try await rig.addProposed(id)
            try await rig.propose(.create, id, of: row, alias: "New \(id)")
            return Case(id: id, row: row, operation: .apply, old: nil, new: "New \(id)")
        case .modify, .retire:
            let row = try await rig.add(id)
            try await rig.propose(kind == .modify ? .modify : .retire, id, of: row, alias: "New \(id)")
            return Case(
                id: id, row: row, operation: .apply, old: "Old \(id)", new: kind == .modify ? "New \(id)" : nil)
        case .rollback, .restore:
            let isGone = kind == .restore
            let row = try await rig.add(id, state: "ACTIVE", isInHouse: !isGone)
            let sealed = try rig.sealer.seal(
                try #require(ConfigurationValue(json: ChangeRig.json(id, "New \(id)"))), of: row,
                connection: rig.connection)
            _ = try await rig.backups.add(
                NewBackup(
                    name: "Seen", type: .automatic, snapshot: sealed.snapshot.json, digest: sealed.digest,
                    metadata: #"{"read_by": "file"}"#), of: row)
            if isGone {
                _ = try await rig.session.query(
                    "SELECT automation_change_lifecycle($1, 'RETIRED', 'Gone from Home Assistant.')", [.id(row)])
            }
            try await rig.rollBack(row, to: 1)
            return Case(
                id: id, row: row, operation: .rollback, old: isGone ? nil : "Old \(id)", new: "New \(id)")
        }
    }

    private static func writes(_ rig: ChangeRig, _ change: Case) -> [String] {
        rig.house.writes.filter { $0.contains(change.id) && !$0.hasPrefix("turn") }
    }

    @Test func aHouseThatDiesAtAnyCallGetsTheChangeOnceAllTheSame() async throws {
        try await ChangeRig.with { rig in
            try await rig.keeping(Self.quick) {
                var number = 0
                for kind in Kind.allCases {
                    for call in [PaperHouse.Call.read, .write, .delete, .automations] {
                        for fault in PaperHouse.Fault.allCases {
                            if call == .delete, kind != .retire { continue }
                            if call == .write, kind == .retire { continue }
                            number += 1
                            rig.house.update { $0.faults = [call: [fault, fault]] }
                            let change = try await Self.prepare(kind, number, rig)
                            let operation = try await rig.ended(change.row, change.operation)
                            let what: Comment = "\(kind) \(call) \(fault): \(operation)"
                            #expect(operation.status == .completed, what)
                            #expect(rig.house.alias(change.id) == change.new, what)
                            #expect(Self.writes(rig, change).count == 1, what)
                        }
                    }
                }
            }
        }
    }

    @Test func aHouseThatStaysAwayEndsTheChangeAndOneThatComesBackGetsIt() async throws {
        try await ChangeRig.with { rig in
            rig.house.update { $0.isAway = true }
            let lost = try await Self.prepare(.modify, 1, rig)
            try await rig.keeping(Self.quick) {
                let operation = try await rig.ended(lost.row)
                #expect(
                    operation.status == .failed && operation.errorMessage?.hasSuffix("Nothing was written.") == true)
                rig.house.update { $0.isAway = false }
            }
            var patient = Self.quick
            patient.attempts = 1_000
            try await rig.keeping(patient) {
                rig.house.onDone { call, _ in
                    // Gone once it has taken the write.
                    if call == .write { rig.house.update { $0.isAway = true } }
                }
                let change = try await Self.prepare(.modify, 2, rig)
                try await eventually { try await rig.newest(change.row)?.step == .readBack }
                rig.house.onDone(nil)
                rig.house.update { $0.isAway = false }
                #expect(try await rig.ended(change.row).status == .completed)
                #expect(rig.house.alias(change.id) == change.new)
            }
        }
    }

    @Test func aBridgeThatDiesAtAnyCallIsFollowedByOneThatGoesOn() async throws {
        var generator = SeededGenerator(seed: TestSeed.value)
        var deaths: [(kind: Kind, call: Int, isAfter: Bool)] = []
        for kind in Kind.allCases {
            for call in 1...10 { for isAfter in [false, true] { deaths.append((kind, call, isAfter)) } }
        }
        let chosen = deaths.shuffled(using: &generator).prefix(30)
        try await ChangeRig.with { rig in
            for (number, death) in chosen.enumerated() {
                let change = try await Self.prepare(death.kind, number, rig)
                let what: Comment = "seed \(TestSeed.value): \(death)"
                let first = rig.house.update { $0.calls }
                let ending = LockedBox<Task<Void, Never>?>(nil)
                let kill: @Sendable (PaperHouse.Call, Int) async -> Void = { _, call in
                    guard call - first == death.call else { return }
                    ending.withLock(\.self)?.cancel()
                }
                if death.isAfter { rig.house.onDone(kill) } else { rig.house.onCall(kill) }
                let keeper = rig.keeper(Self.quick)
                let life = Task { await keeper.follow(rig.connection, house: rig.house.port) }
                ending.withLock { $0 = life }
                // It may have come to its end before that call.
                try await eventually {
                    if life.isCancelled { return true }
                    let newest = try await rig.newest(change.row, change.operation)
                    return newest.map { $0.status != .inProgress } ?? false
                }
                life.cancel()
                await life.value
                rig.house.onCall(nil)
                rig.house.onDone(nil)
                try await rig.keeping(Self.quick) {
                    let operation = try await rig.ended(change.row, change.operation)
                    #expect(operation.status == .completed, "\(what): \(operation)")
                    #expect(rig.house.alias(change.id) == change.new, what)
                    #expect(Self.writes(rig, change).count == 1, what)
                }
            }
        }
    }

    @Test func anEmergencyStopAtAnyCallEndsAllWritingInEveryBridge() async throws {
        var generator = SeededGenerator(seed: TestSeed.value)
        var stops: [(kind: Kind, call: Int)] = []
        for kind in Kind.allCases { for call in 1...9 { stops.append((kind, call)) } }
        let chosen = stops.shuffled(using: &generator).prefix(15)
        try await ChangeRig.with { rig in
            for (number, place) in chosen.enumerated() {
                let what: Comment = "seed \(TestSeed.value): \(place)"
                let change = try await Self.prepare(place.kind, number, rig)
                let first = rig.house.update { $0.calls }
                let written = LockedBox<Int?>(nil)
                let stopping = LockedBox<Task<Void, any Error>?>(nil)
                rig.house.onCall { _, call in
                    guard call - first == place.call else { return }
                    stopping.withLock { task in
                        task = Task {
                            try await rig.stop()
                            written.withLock { $0 = rig.house.writes.count }
                        }
                    }
                    // Long enough for the stop, unless it has to wait for this very call.
                    try? await Task.sleep(for: .milliseconds(20))
                }
                try await rig.keeping(keepers: 2, Self.quick) {
                    let operation = try await rig.ended(change.row, change.operation)
                    rig.house.onCall(nil)
                    guard let stop = stopping.withLock(\.self) else {
                        #expect(operation.status == .completed, what)
                        return
                    }
                    try await stop.value
                    try await Task.sleep(for: .milliseconds(40))
                    #expect(rig.house.writes.count == written.withLock(\.self), what)
                    #expect([change.old, change.new].contains(rig.house.alias(change.id)), what)
                    if operation.status == .failed {
                        #expect(operation.errorMessage?.contains("emergency stop (“Smoke”)") == true, what)
                        let isNew = operation.errorMessage?.contains("stays") == true
                        #expect((rig.house.alias(change.id) == change.new) == isNew, "\(what): \(operation)")
                    }
                    try await rig.release()
                    try await Task.sleep(for: .milliseconds(40))
                    #expect(rig.house.writes.count == written.withLock(\.self), what)
                }
            }
        }
    }

    @Test func aStopWaitsForTheWriteUnderWayAndForNoOther() async throws {
        try await ChangeRig.with { rig in
            let gate = LockedBox(false)
            let isWriting = LockedBox(false)
            rig.house.onCall { call, _ in
                guard call == .write else { return }
                isWriting.withLock { $0 = true }
                while !gate.withLock(\.self) { try? await Task.sleep(for: .milliseconds(5)) }
            }
            let change = try await Self.prepare(.modify, 1, rig)
            let other = try await Self.prepare(.modify, 2, rig)
            try await rig.keeping(keepers: 2, Self.quick) {
                try await eventually { isWriting.withLock(\.self) }
                let hasReturned = LockedBox(false)
                let stop = Task {
                    try await rig.stop()
                    hasReturned.withLock { $0 = true }
                }
                // It is seen to wait for the lock, and has not returned.
                try await eventually {
                    try await rig.pool.withConnection { session in
                        try await session.query(
                            """
                            SELECT FROM pg_locks
                            WHERE locktype = 'advisory' AND NOT granted AND mode = 'ExclusiveLock'
                                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                                AND classid::bigint << 32 | objid::bigint IN (
                                    hashtextextended('automation writes', 0),
                                    hashtextextended('automation writes \(rig.connection)', 0))
                            """
                        ).first != nil
                    }
                }
                #expect(!hasReturned.withLock(\.self) && rig.house.writes.isEmpty)
                gate.withLock { $0 = true }
                try await stop.value
                let count = rig.house.writes.count
                _ = try await rig.ended(change.row)
                _ = try await rig.ended(other.row)
                #expect(rig.house.writes.count == count && count <= 2)
            }
        }
    }

    @Test func anEmergencyRollbackDoesNotWait() async throws {
        try await ChangeRig.with { rig in
            var pacing = Self.quick
            pacing.watch = .seconds(60)
            let row = try await rig.add("hall")
            try await rig.propose(.modify, "hall", of: row)
            try await rig.keeping(pacing) {
                try await eventually { try await rig.newest(row)?.step == .watch }
                rig.house.put(ChangeRig.json("hall", "By hand"))
                try await rig.rollBack(row, to: 1, isEmergency: true)
                let rollback = try await rig.ended(row, .rollback)
                #expect(rollback.status == .completed && rig.house.alias("hall") == "Old hall")
                let apply = try #require(try await rig.newest(row, .apply))
                #expect(apply.status == .failed && apply.errorMessage?.contains("emergency rollback") == true)
                // What the hand had done is kept as a version.
                let versions = try await rig.backups.list(of: row)
                #expect(versions.contains { $0.snapshot.contains("By hand") })
            }
        }
    }
}
