import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// A database of its own with one connection, and the fake history of the Home Assistant behind it.
struct BackfillHouse: Sendable {
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID
    let history = FakeHistory()

    var gaps: GapRepository { GapRepository(pool) }

    static func with(_ body: (BackfillHouse) async throws -> Void) async throws {
        try await TestDatabase.withHouse { house in
            try await body(BackfillHouse(pool: house.pool, session: house.session, connection: house.connection))
        }
    }

    static func addConnection(_ pool: PostgresPool, _ name: String) async throws -> ConnectionID {
        try await TestDatabase.addConnection(name, of: "of \(name)", to: pool)
    }

    // MARK: Home Assistant

    /// A port that the fake history answers; `tap` sees each command first and may fail it.
    func port(
        _ tap: @escaping @Sendable (String) throws(CommandFailure) -> Void = { (_) throws(CommandFailure) in }
    ) -> CommandPort {
        CommandPort { [history] (fields, _) throws(CommandFailure) in
            try tap(fields)
            let answer: FakeHistory.Answer? =
                fields.contains(#""type":"get_states""#)
                ? .result("[\(history.currentStates.joined(separator: ","))]")
                : history.answer(to: "{\"id\":7,\(fields)}")
            switch answer {
            case .result(let json): return Self.answer(json)
            case .error(let code, let message): throw .refused(code: code, message: message)
            case nil: throw .refused(code: "unknown_command", message: "Unknown command.")
            }
        }
    }

    /// An answer as it comes over the socket.
    static func answer(_ result: String) -> CommandAnswer {
        let head = #"{"id":7,"type":"result","success":true,"result":"#
        return CommandAnswer(
            frame: Array((head + result + "}").utf8), result: head.utf8.count..<(head.utf8.count + result.utf8.count))
    }

    static let pacing: BackfillPacing = {
        var pacing = BackfillPacing()
        pacing.betweenLooks = .milliseconds(10)
        pacing.settling = .milliseconds(10)
        pacing.betweenAnswers = .zero
        pacing.longestPause = .zero
        return pacing
    }()

    func backfiller(
        port: CommandPort? = nil, pacing: BackfillPacing = BackfillHouse.pacing, sink: Backfiller.Sink? = nil
    ) -> Backfiller {
        let own = BackfillSink(pool: pool)
        return Backfiller(
            connection: connection, port: port ?? self.port(), gaps: gaps, pacing: pacing,
            sink: sink ?? { try await own.write($0) })
    }

    // MARK: The database

    /// Stores events as if they had come live.
    @discardableResult
    func receive(_ events: [String]) async throws -> WriteOutcome {
        var transformer = FrameTransformer()
        let frames = events.map { event in
            let bytes = Array(event.utf8)
            return ReceivedFrame.live(connection, bytes)
        }
        return try await BackfillSink(pool: pool).write(transformer.transform(frames))
    }

    /// An open gap between two moments, as the event writer makes it.
    func openGap(
        from start: Timestamp, to end: Timestamp?, cause: GapCause = .disconnected, lookBack: Int64 = 30
    ) async throws -> EventGap {
        _ = try await session.query(
            """
            INSERT INTO home_assistant_event_gaps (connection_id, cause, started_at, ended_at, backfill_from)
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                .id(connection), .text(cause.rawValue), .timestamp(start), .optional(end) { .timestamp($0) },
                .timestamp(start.adding(seconds: -lookBack)),
            ])
        let all = try await gaps.list(connection: connection)
        return try #require(all.last { $0.startedAt == start })
    }

    /// Rows of a query, each a list of texts.
    func rows(_ sql: String) async throws -> [[String?]] {
        let result = try await session.query(sql)
        let count = result.columnNames.count
        return try result.map { row in try (0..<count).map { try row[$0].optionalString } }
    }

    /// The number that a query gives.
    func count(_ sql: String) async throws -> Int {
        let result = try await session.query(sql)
        return try #require(try result.first?[0].int)
    }
}

extension ReceivedFrame {
    /// A frame that is one event.
    static func live(_ connection: ConnectionID, _ bytes: [UInt8]) -> ReceivedFrame {
        var frame = ReceivedFrame(connection: connection, bytes: bytes)
        frame.events = [0..<bytes.count]
        return frame
    }
}

/// Events as Home Assistant sends them live.
enum Live {
    static func state(
        _ entity: String, _ state: String, old: String? = nil, attributes: String = "{}", at time: Timestamp
    ) -> String {
        let before = old.map { #"{"entity_id":"\#(entity)","state":"\#($0)","attributes":{}}"# } ?? "null"
        return """
            {"event_type":"state_changed","data":{"entity_id":"\(entity)","old_state":\(before),"new_state":\
            {"entity_id":"\(entity)","state":"\(state)","attributes":\(attributes),"last_changed":"\(time.iso8601)",\
            "last_updated":"\(time.iso8601)","context":{"id":"01LIVE","parent_id":null,"user_id":null}}},\
            "origin":"LOCAL","time_fired":"\(time.iso8601)","context":{"id":"01LIVE","parent_id":null,"user_id":null}}
            """
    }

    static func removal(_ entity: String, old: String, at time: Timestamp) -> String {
        """
        {"event_type":"state_changed","data":{"entity_id":"\(entity)","old_state":{"entity_id":"\(entity)",\
        "state":"\(old)"},"new_state":null},"origin":"LOCAL","time_fired":"\(time.iso8601)","context":{"id":"01LIVE"}}
        """
    }

    static func event(_ type: String, at time: Timestamp) -> String {
        #"{"event_type":"\#(type)","data":{"n":1},"origin":"LOCAL","time_fired":"\#(time.iso8601)","context":{"id":"c"}}"#
    }
}

extension Timestamp {
    /// So many microseconds later.
    func adding(microseconds: Int64) -> Timestamp { Timestamp(microseconds: self.microseconds + microseconds) }
}

extension Trait where Self == ConditionTrait {
    /// The suite needs a PostgreSQL that may create databases.
    static var needsPostgres: Self {
        .enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable }
    }
}
