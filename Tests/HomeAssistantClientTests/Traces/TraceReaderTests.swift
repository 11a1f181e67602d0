import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Testing

/// Answers commands that contain a text, and keeps what was asked.
private struct Traces {
    let answers: [(contains: String, answer: Result<String, CommandFailure>)]
    let asked = LockedBox<[String]>([])

    var reader: TraceReader {
        TraceReader(
            CommandPort { [answers, asked] (fields, _) throws(CommandFailure) in
                asked.withLock { $0.append(fields) }
                guard let answer = answers.first(where: { fields.contains($0.contains) })?.answer else {
                    throw .refused(code: "unknown_command", message: "")
                }
                let json = try answer.get()
                let head = #"{"id":7,"type":"result","success":true,"result":"#
                return CommandAnswer(
                    frame: Array((head + json + "}").utf8),
                    result: head.utf8.count..<(head.utf8.count + json.utf8.count))
            })
    }
}

@Suite struct TraceReaderTests {
    /// As Home Assistant 2025.4 answers.
    private static let list = #"""
        [{"last_step":"action/2","run_id":"r1","state":"stopped","script_execution":"finished","timestamp":{"start":"2026-11-21T14:54:41.755013+00:00","finish":"2026-11-21T14:54:41.755384+00:00"},"domain":"automation","item_id":"lab","trigger":"event 'lab'"},
        {"last_step":"trigger/0","run_id":"r2","state":"running","script_execution":null,"timestamp":{"start":"2026-11-21T14:54:42+00:00","finish":null},"domain":"automation","item_id":"lab","trigger":null},
        {"last_step":null,"run_id":"r3","state":"running","script_execution":null,"timestamp":{"start":"2026-11-21T14:54:43+00:00","finish":null},"domain":"automation","item_id":"None","trigger":null},
        {"run_id":"r4","state":"stopped","script_execution":"not_triggered","not_triggered":true,"timestamp":{"start":"2026-11-21T14:54:43+00:00","finish":null},"item_id":"lab"},
        7, {"run_id":"r5"}]
        """#
    private static let contexts = #"""
        {"c1":{"run_id":"r1","domain":"automation","item_id":"lab"},"c9":{"run_id":"r2","domain":"script","item_id":"lab"}}
        """#

    @Test func readsRunsWithTheirContexts() async throws {
        let traces = Traces(answers: [
            ("trace/list", .success(Self.list)), ("trace/contexts", .success(Self.contexts)),
        ])
        let listing = try await traces.reader.list(item: "la\"b")
        #expect(
            listing.entries == [
                TraceEntry(
                    itemID: "lab", runID: "r1", isRunning: false,
                    startedAt: try #require(Timestamp(iso8601: "2026-11-21T14:54:41.755013Z")),
                    finishedAt: Timestamp(iso8601: "2026-11-21T14:54:41.755384Z"), scriptExecution: "finished",
                    trigger: "event 'lab'", lastStep: "action/2", contextID: "c1"),
                TraceEntry(
                    itemID: "lab", runID: "r2", isRunning: true,
                    startedAt: try #require(Timestamp(iso8601: "2026-11-21T14:54:42Z")), lastStep: "trigger/0"),
            ])
        #expect(listing.skipped == 4)
        #expect(
            Set(traces.asked.withLock { $0 }) == [
                #""type":"trace/list","domain":"automation","item_id":"la\"b""#,
                #""type":"trace/contexts","domain":"automation","item_id":"la\"b""#,
            ])
    }

    @Test func contextsMayFailAndListsMayNot() async throws {
        let traces = Traces(answers: [("trace/list", .success(Self.list))])
        #expect(try await traces.reader.list(item: nil).entries.map(\.contextID) == [nil, nil])
        #expect(Set(traces.asked.withLock { $0 }).contains(#""type":"trace/contexts""#))
        await #expect(throws: CommandFailure.refused(code: "unknown_command", message: "")) {
            _ = try await Traces(answers: []).reader.list(item: nil)
        }
    }

    @Test func readsStepsWithoutTheirData() async throws {
        let get = #"""
            {"last_step":"action/1","run_id":"r1","state":"stopped","script_execution":"error","timestamp":{"start":"2026-11-21T10:00:00+00:00","finish":"2026-11-21T10:00:01+00:00"},"domain":"automation","item_id":"lab","error":"Nope","trigger":"state of light.a","trace":{
            "trigger/0":[{"path":"trigger/0","timestamp":"2026-11-21T10:00:00.000001+00:00","changed_variables":{"this":{"password":"hunter2"}}}],
            "action/1":[{"path":"action/1","timestamp":"2026-11-21T10:00:00.5+00:00","error":"Nope","result":{"params":{"domain":"notify","service":"ann","service_data":{"token":"abc"}},"running_script":false}}],
            "action/0":[{"path":"action/0","timestamp":"2026-11-21T10:00:00.1+00:00","result":{"choice":1}},{"path":"action/0","timestamp":"2026-11-21T10:00:00.2+00:00","result":{"delay":3.0,"done":false}}],
            "action/2":[{"path":"action/2","timestamp":"2026-11-21T10:00:00.6+00:00","result":{"wait":{"remaining":0.0,"completed":false},"timeout":true}}],
            "action/3":[{"path":"action/3","timestamp":"2026-11-21T10:00:00.7+00:00","result":{"stop":"x","error":true}}],
            "action/4":[{"path":"action/4","timestamp":"2026-11-21T10:00:00.8+00:00","result":{"result":false,"state":"off"}}]},
            "config":{"id":"lab"},"context":{"id":"c1","parent_id":"c0","user_id":null}}
            """#
        let traces = Traces(answers: [("trace/get", .success(get))])
        let detail = try #require(try await traces.reader.detail(item: "lab", run: "r1"))
        #expect(detail.contextParentID == "c0" && detail.contextUserID == nil && detail.entry.contextID == "c1")
        #expect(detail.entry.error == "Nope")
        #expect(
            detail.steps.map(\.outcome) == [
                .reached, .chose("1"), .delay(isDone: false), .called("notify.ann"),
                .wait(isCompleted: false, isTimeout: true), .stop(isError: true), .condition(false),
            ])
        #expect(!"\(detail)".contains("hunter2") && !"\(detail)".contains("abc"))
    }

    @Test func aTraceThatIsGoneIsNone() async throws {
        let traces = Traces(answers: [("trace/get", .failure(.refused(code: "not_found", message: "")))])
        #expect(try await traces.reader.detail(item: "lab", run: "r1") == nil)
        let gone = Traces(answers: [("trace/get", .failure(.disconnected))])
        await #expect(throws: CommandFailure.disconnected) { _ = try await gone.reader.detail(item: "a", run: "b") }
    }
}
