import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// A Home Assistant that keeps the last five traces of each automation.
final class FakeTraces: Sendable {
    struct Trace: Sendable {
        var item: String
        var run: String
        var context: String
        var start: Timestamp
        /// `nil` while it runs.
        var word: String?
        var steps = ""
    }

    private struct State {
        var traces: [Trace] = []
        var refusal: CommandFailure?
        var commands = 0
    }

    private let state = LockedBox(State())

    var commands: Int { state.withLock(\.commands) }

    /// Lets every command fail with this; `nil` ends that.
    func refuse(_ failure: CommandFailure?) { state.withLock { $0.refusal = failure } }

    /// Begins a run; the sixth of an automation drops its first.
    func begin(_ item: String, _ run: String, at start: Timestamp, ended word: String? = "finished") {
        state.withLock { state in
            state.traces.append(Trace(item: item, run: run, context: "c-\(run)", start: start, word: word))
            let own = state.traces.indices.filter { state.traces[$0].item == item }
            if own.count > 5, let first = own.first { state.traces.remove(at: first) }
        }
    }

    func end(_ run: String, _ word: String = "finished") {
        state.withLock { state in
            for index in state.traces.indices where state.traces[index].run == run {
                state.traces[index].word = word
            }
        }
    }

    /// As a Home Assistant that was killed.
    func forgetAll() { state.withLock { $0.traces = [] } }

    var port: CommandPort {
        CommandPort { [state] (fields, _) throws(CommandFailure) in
            let (traces, refusal) = state.withLock { state in
                state.commands += 1
                return (state.traces, state.refusal)
            }
            if let refusal { throw refusal }
            // The texts of a command: keys and values in turn.
            let texts = fields.split(separator: "\"").filter { $0 != ":" && $0 != "," }.map(String.init)
            func value(_ key: String) -> String? {
                texts.firstIndex(of: key).flatMap { $0 + 1 < texts.count ? texts[$0 + 1] : nil }
            }
            let item = value("item_id")
            let listed = traces.filter { item == nil || $0.item == item }
            switch value("type") {
            case "trace/list":
                return Self.answer("[\(listed.map { "{\(Self.head($0))}" }.joined(separator: ","))]")
            case "trace/contexts":
                let members = listed.map {
                    #""\#($0.context)":{"run_id":"\#($0.run)","domain":"automation","item_id":"\#($0.item)"}"#
                }
                return Self.answer("{\(members.joined(separator: ","))}")
            case "trace/get":
                guard let trace = listed.first(where: { $0.run == value("run_id") }) else {
                    throw .refused(code: "not_found", message: "The trace could not be found")
                }
                let steps = #""trigger/0":[{"path":"trigger/0","timestamp":"\#(trace.start.iso8601)"}]"#
                return Self.answer(
                    #"{\#(Self.head(trace)),"trace":{\#(steps)},"context":{"id":"\#(trace.context)","parent_id":"p","user_id":null}}"#
                )
            default: throw .refused(code: "unknown_command", message: "Unknown command.")
            }
        }
    }

    private static func head(_ trace: Trace) -> String {
        let finish = trace.word == nil ? "null" : #""\#(trace.start.adding(.milliseconds(250)).iso8601)""#
        return
            #""run_id":"\#(trace.run)","item_id":"\#(trace.item)","domain":"automation","state":"\#(trace.word == nil ? "running" : "stopped")","script_execution":\#(trace.word.map { "\"\($0)\"" } ?? "null"),"last_step":"action/0","trigger":"event","timestamp":{"start":"\#(trace.start.iso8601)","finish":\#(finish)}"#
    }

    private static func answer(_ json: String) -> CommandAnswer {
        let head = #"{"id":7,"type":"result","success":true,"result":"#
        return CommandAnswer(
            frame: Array((head + json + "}").utf8), result: head.utf8.count..<(head.utf8.count + json.utf8.count))
    }
}
