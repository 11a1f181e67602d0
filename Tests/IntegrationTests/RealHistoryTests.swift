import BridgeConcurrency
import BridgeCore
import Foundation
import HomeAssistantClient
import TestSupport
import Testing
import WebSocketTransport

@testable import Ingest

/// The history of a real Home Assistant beside what it sent live.
@Suite(.enabled(if: TestHomeAssistant.given != nil))
struct RealHistoryTests {
    /// Keeps the frames of a session.
    private final class Frames: FrameConsumer {
        private let frames = LockedBox<[ReceivedFrame]>([])

        var all: [ReceivedFrame] { frames.withLock { $0 } }

        func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
        func release(_ bytes: Int, for connection: ConnectionID) {}
        func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
        func accept(_ frame: ReceivedFrame) { frames.withLock { $0.append(frame) } }
    }

    private struct Meter: SessionMeter {
        func received(messages: Int, events: Int, errors: Int, unknown: Int) {}
    }

    /// A row as far as history can tell it: its id, and the entity and states in it.
    private struct Row: Hashable {
        let id: [UInt8]
        let isRemoval: Bool
    }

    /// The rows of one entity in an encoded batch.
    private static func rows(of entity: String, in batch: EventBatch) -> Set<Row> {
        var rows: Set<Row> = []
        for row in batch.index {
            let bytes = batch.rows[row.range]
            guard Data(bytes).range(of: Data(entity.utf8)) != nil else { continue }
            let source = String(decoding: batch.frames[row.frame].bytes[row.source], as: UTF8.self)
            let isRemoval = source.contains(#""new_state":null"#) || source.contains(#""s":null"#)
            rows.insert(Row(id: Array(bytes.dropFirst(6).prefix(16)), isRemoval: isRemoval))
        }
        return rows
    }

    /// Events in the same microsecond, removals, and repaired texts included: history gives every one the id that it had live.
    @Test func historyGivesTheIdsOfTheLiveEvents() async throws {
        let (address, tokenFile) = try #require(TestHomeAssistant.given)
        let url = try HomeAssistantURL(address)
        let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
        let entity = "sensor.history_\(Int.random(in: 1_000_000...9_999_999))"
        func ask(_ method: String, _ body: String) -> Int {
            ProcessExchange.ask(
                method, host: url.host, port: UInt16(url.port), path: url.pathPrefix + "/api/states/\(entity)",
                headers: ["Authorization: Bearer \(token)", "Content-Type: application/json"], body: body
            ).status
        }
        let loop = try WebSocketEventLoop(logger: TestDatabase.quietLogger)
        let timer = DeadlineTimer()
        let frames = Frames()
        let connection = ConnectionID()
        let session = Session(
            target: SessionTarget(connection: connection, url: url, token: Secret(Array(token.utf8))),
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: timer), consumer: frames,
            meter: Meter(), logger: TestDatabase.quietLogger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await timer.run() }
            group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
            defer { group.cancelAll() }
            let port = try #require(await ports.first { _ in true })
            let start = Timestamp.now.adding(seconds: -1)
            for number in 0..<200 {
                let body = #"{"state":"\#(number / 2)","attributes":{"n":\#(number),"x":"a\u0000b"}}"#
                #expect([200, 201].contains(ask("POST", body)))
                if number % 50 == 49 { #expect(ask("DELETE", "") == 200) }
            }
            var history: Set<Row> = []
            var live: Set<Row> = []
            // The recorder commits some seconds later.
            for _ in 0..<60 where history.count < 204 {
                try await Task.sleep(for: .milliseconds(500))
                var transformer = HistoryTransformer(connection: connection)
                let window = start..<Timestamp.now.adding(seconds: 60)
                let answer = try await port.ask(HistoryCommand.history(of: [entity], in: window))
                history = Self.rows(of: entity, in: transformer.transform(answer, window: window).batch)
                var liveTransformer = FrameTransformer()
                live = Self.rows(of: entity, in: liveTransformer.transform(frames.all))
            }
            #expect(live.count == 204 && live.filter(\.isRemoval).count == 4)
            #expect(history == live)
        }
        await loop.shutdown()
    }

    /// The command repairs a stretch of time by itself, and finds nothing more to add when it is asked again.
    @Test(.enabled(if: TestDatabase.isAvailable))
    func backfillsByHand() async throws {
        let (url, tokenFile) = try #require(TestHomeAssistant.given)
        try await TestDatabase.withSchema { database in
            let bridge = try CommandRunner(databaseURL: database.url)
            #expect(try await bridge("key", "new").status == 0)
            #expect(try await bridge("user", "add", "anna", "--email", "anna@example.org").status == 0)
            let added = try await bridge("connection", "add", "home", "--url", url, "--token-file", tokenFile)
            #expect(added.status == 0)
            let nothing = try await bridge("backfill", "home")
            #expect(nothing.status == 0 && nothing.output.isEmpty && nothing.errors.contains("no open gap"))
            #expect(try await bridge("backfill", "home", "--to", "1m").status == 64)
            #expect(try await bridge("backfill", "nowhere").status == 64)
            #expect(try await bridge("gaps").errors.contains("There are no gaps."))

            let to = Timestamp.now.adding(seconds: -30).iso8601
            let first = try await bridge("backfill", "home", "--from", "2m", "--to", to, "--json")
            let gap = try #require(first.objects.first)
            #expect(first.status == 0 && gap["cause"] as? String == "requested")
            let status = gap["status"] as? String
            #expect(status == "backfilled" || status == "partial", "\(gap)")
            #expect(gap["rows_added"] as? Int == gap["rows_found"] as? Int && (gap["rows_added"] as? Int ?? 0) > 0)
            #expect((gap["unrecoverable_types"] as? [String])?.contains("call_service") == true)
            let again = try await bridge("backfill", "home", "--from", "90s", "--to", to, "--json")
            #expect(again.objects.first?["rows_added"] as? Int == 0, "\(again.output)")
            #expect(try await bridge("gaps", "--json", "--connection", "home").objects.count == 2)
            #expect(try await bridge("gaps", "--open", "--json").objects.isEmpty)
            #expect(try await bridge("gaps").output.contains("requested"))

            // A Home Assistant that cannot be reached leaves no gap behind.
            let session = try await database.connect()
            _ = try await session.query("DELETE FROM home_assistant_event_gaps")
            await session.close()
            let moved = try await bridge(
                "connection", "set-url", "home", "--url", "http://127.0.0.1:9", "--token-file", tokenFile, "--no-test")
            #expect(moved.status == 0, "\(moved.errors)")
            #expect(try await bridge("backfill", "home", "--from", "2m").status == 69)
            #expect(try await bridge("gaps", "--json").objects.isEmpty)
        }
    }
}
