import BridgeCore
import Store
import Testing

@testable import BridgeCommand

@Suite struct JSONValueTests {
    @Test func sortsKeysAndWritesMissingValuesAsNull() throws {
        let value = JSONValue.object([
            "b": .optional(nil), "a": .integer(1), "url": .string("http://h/x"), "n": .number(0.1),
            "t": .time(Timestamp(iso8601: "2026-11-21T01:14:48.110907Z")), "inf": .number(.infinity),
            "list": .array([.bool(true), .null]),
        ])
        #expect(
            try value.text(indented: false)
                == #"{"a":1,"b":null,"inf":null,"list":[true,null],"n":0.1,"t":"2026-11-21T01:14:48.110907+00:00","#
                + #""url":"http://h/x"}"#)
    }

    @Test func nestsStoredJSON() throws {
        let text = #"{"big":9007199254740993,"deep":[{"on":true,"x":null}],"temperature":21.5}"#
        #expect(try JSONValue.parsed(text).text(indented: false) == text)
        #expect(JSONValue.parsed("not json") == .string("not json"))
        #expect(JSONValue.parsed(nil) == .null)
    }

    @Test func namesTestResultsInSnakeCaseWithTheirDuration() throws {
        let result = ConnectionTestResult(
            kind: .connected, version: "2025.4.4", isAdministrator: true, location: "Home",
            duration: .milliseconds(38), message: "Fine.")
        #expect(result.isSuccess)
        #expect(result.exitStatus == .success)
        #expect(result.summary == "Home Assistant 2025.4.4 of “Home” accepted the token in 38 ms.")
    }

    @Test func endsWithAStatusForEachResult() {
        let statuses = ConnectionTestResult.Kind.allCases.map { kind in
            ConnectionTestResult(kind: kind, duration: .zero, message: "").exitStatus
        }
        #expect(statuses == [.success, .permission, .unavailable, .unavailable, .unavailable])
    }
}

@Suite struct MetricsTableTests {
    @Test func putsIntervalsInLinesAndTypesInColumns() {
        let connection = ConnectionID()
        let first = Timestamp(microseconds: 1_763_683_200_000_000)
        let second = first.adding(seconds: 60)
        let samples: [MetricSample] = [
            .init(connectionID: connection, type: "event_rate", value: 3.456, timestamp: second),
            .init(connectionID: connection, type: "latency", value: 2.5, timestamp: first),
            .init(connectionID: connection, type: "uptime", value: 100, timestamp: first),
            .init(connectionID: connection, type: "custom", value: -0.05, timestamp: first),
        ]
        let table = MetricsCommand.table(samples)
        #expect(table.columns.map(\.title) == ["INTERVAL", "LATENCY ms", "UPTIME %", "ERRORS %", "EVENTS/s", "CUSTOM"])
        #expect(
            table.rows == [
                ["2025-11-21 00:00:00Z", "2.50", "100.00", "-", "-", "-0.05"],
                ["2025-11-21 00:01:00Z", "-", "-", "-", "3.46", "-"],
            ])
    }
}
