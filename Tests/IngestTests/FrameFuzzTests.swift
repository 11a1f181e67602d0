import BridgeCore
import Foundation
import Testing
import TestSupport

@testable import HomeAssistantClient
@testable import Ingest

/// Frames of every kind of malice through sorter and transformer, judged by a reader that shares no code with them.
@Suite struct FrameFuzzTests {
    static let connection = ConnectionID()
    static let sorter = FrameSorter(pending: [:], subscriptions: [CommandID(2)])

    /// A frame as a session hands it on.
    static func received(_ bytes: [UInt8]) -> ReceivedFrame {
        let sorted = sorter.sort(bytes)
        return ReceivedFrame(
            connection: connection, bytes: bytes, events: sorted.events, snapshot: sorted.snapshot,
            unreadable: sorted.unreadable, receivedAt: .now,
            receivedTime: Timestamp(microseconds: 1_795_223_700_000_000))
    }

    static let captured: [[UInt8]] = {
        let frames = CapturedFrames.releases.compactMap { try? CapturedFrames.load($0) }
        let events = frames.flatMap { $0.frames.joined() }.map(\.json).filter { $0.count < 20_000 }
        return stride(from: 0, to: events.count, by: 17).map { events[$0] }
    }()

    /// The events for subscription 2 in a frame that is JSON, in their order.
    private func wanted(_ value: ReferenceJSON) -> [Range<Int>] {
        if case .array(let elements) = value.kind { return elements.flatMap(wanted) }
        guard value["type"]?.text.map({ $0 == Array("event".utf8) }) == true, let event = value["event"],
            let id = value["id"], case .number(let digits) = id.kind, digits == [0x32]
        else { return [] }
        return [event.range]
    }

    /// Every event of the frame is one row or one letter, and says what the reference says.
    private func check(_ bytes: [UInt8], _ transformer: inout FrameTransformer) throws {
        let frame = Self.received(bytes)
        let batch = transformer.transform([frame])
        if let reference = ReferenceJSON.parse(bytes, limit: 400) {
            try #require(frame.unreadable == nil)
            try #require(frame.events == wanted(reference))
        } else if let error = frame.unreadable {
            let hasLetter = batch.deadLetters.contains {
                $0.reasonCode == error.code.rawValue && $0.payload == bytes
            }
            try #require(hasLetter)
        } else {
            // Then it is one of its events that is no JSON, and nothing around it; one that is wanted has a letter, below.
            var events: [Range<Int>] = []
            try bytes.withUnsafeBufferPointer { buffer in
                try MessageReader(buffer).forEachMessage { events += [$0.event].compactMap(\.self) }
            }
            let broken = events.filter { ReferenceJSON.parse(Array(bytes[$0]), limit: 400) == nil }
            try #require(!broken.isEmpty)
            let mended = broken.reversed().reduce(into: bytes) { $0.replaceSubrange($1, with: "{}".utf8) }
            try #require(ReferenceJSON.parse(mended, limit: 400) != nil)
        }
        var letters = batch.deadLetters.map { ($0.reasonCode, $0.payload) }
        if let code = frame.unreadable?.code.rawValue,
            let index = letters.lastIndex(where: { $0.0 == code && $0.1 == bytes })
        {
            letters.remove(at: index)
        }
        var next = 0
        for range in frame.events {
            let event = Array(bytes[range])
            var mine = letters.filter { $0.1 == event }.map(\.0)
            switch ReferenceOutcome.of(event) {
            case .deadLetter:
                try #require(!mine.isEmpty && !mine.contains("repaired"))
            case .row(let expected, let repaired, let ignored):
                try #require(next < batch.index.count && batch.index[next].source == range, "\(mine)")
                let row = try #require(batch.row(next))
                next += 1
                try #require(row.reference == expected)
                try #require(row.number == number(of: expected, in: event))
                mine.removeAll { $0 == "repaired" && repaired || $0 == "ignored_field" && ignored && !repaired }
                try #require(mine.isEmpty, "\(Self.printable(event))")
                let own = letters.filter { $0.1 == event }.count
                try #require((own > 0) == (repaired || ignored))
            }
        }
        try #require(next == batch.index.count)
    }

    /// A state is a number where it is written as one, plainly.
    private func number(of row: ReferenceRow, in event: [UInt8]) -> Double? {
        guard let state = row.newState, state.count <= 64,
            let raw = ReferenceJSON.parse(event)?["data"]?["new_state"]?["state"],
            !event[raw.range].contains(UInt8(ascii: "\\"))
        else { return nil }
        let text = String(decoding: state, as: UTF8.self)
        guard text.wholeMatch(of: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/) != nil else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    @Test func everyEventBecomesOneRowOrOneDeadLetter() throws {
        var forge = EventForge(generator: FuzzRun.generator("frames"), captured: Self.captured)
        var transformer = FrameTransformer()
        for number in 0..<FuzzRun.cases(default: 800) {
            let messages = (0...forge.generator.below(4)).map { _ in
                forge.generator.once(in: 8) ? forge.otherMessage() : forge.message(forge.event())
            }
            var frame = forge.frame(messages)
            if forge.generator.once(in: 8) { frame = forge.flipped(frame) }
            if forge.generator.once(in: 30) { frame = [0xEF, 0xBB, 0xBF] + frame }
            do {
                try check(frame.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(frame.dropFirst(3)) : frame, &transformer)
            } catch {
                Issue.record("case \(number) of seed \(FuzzRun.seed): \(error)\n\(Self.printable(frame))")
                return
            }
        }
    }

    /// A flipped bit in one message costs that message alone: all others of its frame become rows.
    @Test func damageStaysInItsMessage() throws {
        var forge = EventForge(generator: FuzzRun.generator("damage"), captured: Self.captured)
        for number in 0..<FuzzRun.cases(default: 1_000) {
            let messages = (0...forge.generator.below(5)).map { _ in
                Array(#"{"type":"event","event":"#.utf8)
                    + (forge.generator.once(in: 3) ? forge.generator.pick(forge.captured) : forge.goodEvent())
                    + Array(#","id":2}"#.utf8)
            }
            let victim = forge.generator.below(messages.count)
            var damaged = messages
            // Its first byte and the bytes between messages belong to the frame.
            let index = forge.generator.below(messages[victim].count)
            damaged[victim][index] ^= 1 << UInt8(forge.generator.below(8))
            let bytes = [0x5B] + Array(damaged.joined(separator: [0x2C])) + [0x5D]
            let frame = Self.received(bytes)
            var found = frame.events.map { Array(bytes[$0]) }[...]
            for (index, message) in messages.enumerated() where index != victim {
                let event = message.dropFirst(24).dropLast(8)
                guard let place = found.firstIndex(where: { $0.elementsEqual(event) }) else {
                    Issue.record("case \(number) of seed \(FuzzRun.seed): lost \(index) of \(Self.printable(bytes))")
                    return
                }
                found.remove(at: place)
            }
            #expect(found.count <= 1)
            #expect(found.count == 1 || frame.unreadable != nil || Self.sorter.sort(bytes).unknown > 0)
        }
    }

    /// Where Foundation can judge, it agrees: what it takes is JSON here, and what has nothing wrong in it here is JSON there.
    @Test func agreesWithFoundationOnWhatIsJSON() throws {
        var forge = EventForge(generator: FuzzRun.generator("foundation"), captured: Self.captured)
        for number in 0..<FuzzRun.cases(default: 600) {
            let bytes = forge.generator.once(in: 2) ? forge.event() : forge.flipped(forge.goodEvent())
            // A NUL makes Foundation guess another encoding; numbers as long as the largest double it takes by value, not by length.
            if bytes.contains(0) || String(decoding: bytes, as: UTF8.self).contains(String(repeating: "7", count: 300))
            {
                continue
            }
            let (isJSON, findings) = bytes.withUnsafeBufferPointer { buffer in
                var scanner = JSONScanner(buffer, range: 0..<buffer.count)
                let isJSON = (try? scanner.skipValue()) != nil && (try? scanner.finish()) != nil
                return (isJSON, scanner.findings)
            }
            let accepted = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            // Foundation lets a comma stand before a closing bracket.
            let hasSpareComma = String(decoding: bytes, as: UTF8.self).contains(/,\s*[}\]]/)
            if accepted && !isJSON && !hasSpareComma || isJSON && findings.isEmpty && !accepted {
                Issue.record("case \(number) of seed \(FuzzRun.seed): \(accepted) \(Self.printable(bytes))")
                return
            }
        }
    }

    static func printable(_ bytes: [UInt8]) -> String {
        bytes.count > 40_000
            ? "\(bytes.count) bytes"
            : bytes.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "<\(String($0, radix: 16))>" }
                .joined()
    }
}
