import BridgeCore
import FoundationEssentials

/// What one frame holds, sorted: places of events for the writer, and inputs for the state machine.
struct SortedFrame {
    var events: [Range<Int>] = []
    var snapshot: Range<Int>?
    var inputs: [SessionInput] = []
    /// Answers to commands that others asked for.
    var answers: [(ticket: UInt64, result: Result<Range<Int>, CommandFailure>)] = []
    var unreadable: JSONScanError?
    var messages = 0
    var errors = 0
    var unknown = 0

    /// Whether something in the frame must be written.
    var hasContent: Bool { !events.isEmpty || snapshot != nil || unreadable != nil }
}

/// Sorts the messages of a frame without copying events.
struct FrameSorter {
    /// The first frame of a server is this large at most; a larger one is no greeting of Home Assistant.
    static let greetingLimit = 4_096

    /// Commands that wait for an answer.
    var pending: [CommandID: Command]
    /// Commands whose events are wanted.
    var subscriptions: Set<CommandID>
    /// Whether events of any subscription are taken, as from a socket that has just been given up.
    var takesAnyEvent = false

    func sort(_ frame: [UInt8]) -> SortedFrame {
        var sorted = SortedFrame()
        frame.withUnsafeBufferPointer { bytes in
            do throws(JSONScanError) {
                try MessageReader(bytes).forEachMessage { sort($0, of: bytes, into: &sorted) }
            } catch {
                sorted.unreadable = error
                sorted.errors += 1
            }
        }
        return sorted
    }

    private func sort(
        _ message: MessageEnvelope, of bytes: UnsafeBufferPointer<UInt8>, into sorted: inout SortedFrame
    ) {
        sorted.messages += 1
        switch message.kind {
        case .event:
            guard let event = message.event, let id = message.id, isWanted(CommandID(id)) else {
                sorted.unknown += 1
                return
            }
            sorted.events.append(event)
        case .result:
            guard let id = message.id.map(CommandID.init) else {
                sorted.unknown += 1
                return
            }
            if !message.success { sorted.errors += 1 }
            sorted.inputs.append(.reply(id, reply(to: pending[id], message, of: bytes, into: &sorted)))
        case .pong:
            guard let id = message.id else { return }
            sorted.inputs.append(.pong(CommandID(id)))
        case .authRequired:
            sorted.inputs.append(.authRequired(version: message.version.map { JSONText.string($0, of: bytes) }))
        case .authOK:
            sorted.inputs.append(.authOK(version: message.version.map { JSONText.string($0, of: bytes) }))
        case .authInvalid:
            // Its text may echo what was sent, the token included: it is not read.
            sorted.errors += 1
            sorted.inputs.append(.authInvalid)
        case .unknown:
            sorted.unknown += 1
        }
    }

    private func isWanted(_ id: CommandID) -> Bool {
        if takesAnyEvent || subscriptions.contains(id) { return true }
        // The result of a subscription may stand in the same frame, before its first event.
        if case .subscribeEvents = pending[id] { return true }
        return false
    }

    private func reply(
        to command: Command?, _ message: MessageEnvelope, of bytes: UnsafeBufferPointer<UInt8>,
        into sorted: inout SortedFrame
    ) -> CommandReply {
        if case .ask(let ticket, _) = command {
            sorted.answers.append((ticket, answer(message, of: bytes)))
            return .succeeded
        }
        guard message.success else { return .failed(code: errorCode(message.error, of: bytes)) }
        switch command {
        case .getConfig: return decode(message.result, of: bytes).map(CommandReply.configuration) ?? unreadableReply
        case .currentUser: return decode(message.result, of: bytes).map(CommandReply.user) ?? unreadableReply
        case .getStates:
            sorted.snapshot = message.result
            return message.result == nil ? unreadableReply : .states
        default: return .succeeded
        }
    }

    private func answer(
        _ message: MessageEnvelope, of bytes: UnsafeBufferPointer<UInt8>
    ) -> Result<Range<Int>, CommandFailure> {
        if message.success, let result = message.result { return .success(result) }
        struct Failure: Decodable { var message: String? }
        let failure: Failure? = decode(message.error, of: bytes)
        return .failure(
            .refused(
                code: errorCode(message.error, of: bytes), message: String((failure?.message ?? "").prefix(500))))
    }

    private var unreadableReply: CommandReply { .failed(code: "unreadable_result") }

    private func decode<Value: Decodable>(_ range: Range<Int>?, of bytes: UnsafeBufferPointer<UInt8>) -> Value? {
        guard let range else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(bytes[range]))
    }

    private func errorCode(_ range: Range<Int>?, of bytes: UnsafeBufferPointer<UInt8>) -> String {
        struct Failure: Decodable { var code: String }
        let failure: Failure? = decode(range, of: bytes)
        // Home Assistant's codes are short words; anything else is not worth a label.
        guard let code = failure?.code, code.utf8.count <= 64 else { return "unknown_error" }
        return code
    }
}
