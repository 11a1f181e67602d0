import BridgeCore

/// What one look at Home Assistant's traces gave.
package struct TraceListing: Sendable {
    /// Oldest first within each automation. Automations without an id are left out.
    package var entries: [TraceEntry] = []
    /// Elements of the list that were left out: they say too little, or belong to automations without an id.
    package var skipped = 0
    /// The size of the answers.
    package var bytes = 0

    package init() {}
}

/// Asks Home Assistant for the traces of automations.
package struct TraceReader: Sendable {
    private let port: CommandPort
    private let answerLimit: Duration

    /// Asks over `port`, and waits for each answer no longer than `answerLimit`.
    package init(_ port: CommandPort, answerLimit: Duration = .seconds(30)) {
        self.port = port
        self.answerLimit = answerLimit
    }

    /// The runs that Home Assistant still has of an automation, or of all when `item` is `nil`, each with its context.
    ///
    /// Two commands that are sent at once, so that little can happen between their answers. Throws what the list fails with; without
    /// contexts the entries have none.
    package func list(item: String?) async throws(CommandFailure) -> TraceListing {
        async let contexts = try? port.ask(TraceCommand.contexts(item: item), within: answerLimit)
        let answer = try await port.ask(TraceCommand.list(item: item), within: answerLimit)
        var listing = Self.listing(answer)
        if let contexts = await contexts {
            listing.bytes += contexts.frame.count
            Self.addContexts(contexts, to: &listing.entries)
        }
        return listing
    }

    /// One run with its steps; `nil` when Home Assistant has it no longer, or says too little of it.
    package func detail(item: String, run: String) async throws(CommandFailure) -> TraceDetail? {
        do throws(CommandFailure) {
            return TraceDetail(try await port.ask(TraceCommand.get(item: item, run: run), within: answerLimit))
        } catch {
            guard case .refused = error else { throw error }
            return nil
        }
    }

    private static func listing(_ answer: CommandAnswer) -> TraceListing {
        var listing = TraceListing()
        listing.bytes = answer.frame.count
        answer.frame.withUnsafeBufferPointer { bytes in
            for place in JSONFields.elements(bytes, at: answer.result) {
                if let entry = JSONFields(bytes, at: place).flatMap(TraceEntry.init) {
                    listing.entries.append(entry)
                } else {
                    listing.skipped += 1
                }
            }
        }
        return listing
    }

    /// The answer maps contexts to runs.
    private static func addContexts(_ answer: CommandAnswer, to entries: inout [TraceEntry]) {
        struct Run: Hashable {
            var item: String
            var run: String
        }
        var contexts: [Run: String] = [:]
        answer.frame.withUnsafeBufferPointer { bytes in
            guard let fields = JSONFields(bytes, at: answer.result) else { return }
            for (key, value) in fields.members {
                guard let run = JSONFields(bytes, at: value), run.text("domain") == "automation",
                    let item = run.text("item_id"), let id = run.text("run_id")
                else { continue }
                contexts[Run(item: item, run: id)] = fields.name(of: key)
            }
        }
        for index in entries.indices {
            entries[index].contextID = contexts[Run(item: entries[index].itemID, run: entries[index].runID)]
        }
    }
}
