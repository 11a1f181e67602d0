import BridgeCore
import Foundation
import Testing

/// The redactor against frames that nobody thought of.
@Suite struct RedactionFuzzTests {
    private static func hasMark(_ bytes: [UInt8]) -> Bool { bytes.firstRange(of: Array(SecretForge.mark.utf8)) != nil }

    /// Whether `after` is `before` with nothing but the texts changed that held a secret, or lay under the key of one.
    private func isSame(_ before: Any, _ after: Any) -> Bool {
        switch (before, after) {
        case (let before as [String: Any], let after as [String: Any]):
            // Keys that differ by case or twice in an object are the same on both sides.
            return Set(before.keys) == Set(after.keys)
                && before.allSatisfy { key, value in after[key].map { isSame(value, $0) } ?? false }
        case (let before as [Any], let after as [Any]):
            return before.count == after.count && zip(before, after).allSatisfy(isSame)
        case (let before as String, let after as String):
            return before == after ? !before.contains(SecretForge.mark) : after.contains("*")
        default: return (before as? NSObject) == (after as? NSObject)
        }
    }

    @Test func takesEverySecretAndNothingElse() throws {
        var forge = SecretForge(FuzzRun.generator("takesEverySecretAndNothingElse"))
        for _ in 0..<FuzzRun.cases(default: 4_000) {
            let document = forge.document()
            let text = String(decoding: document, as: UTF8.self)
            var redacted = document
            #expect(FrameRedactor.redact(&redacted) > 0)
            let isClean = !Self.hasMark(redacted)
            try #require(isClean, "\(text)\n\(String(decoding: redacted, as: UTF8.self))")
            try #require(redacted.count == document.count)
            // A sound reader reads it as before.
            let before = try #require(ReferenceJSON.parse(document, limit: 400), "\(text)")
            let after = try #require(
                ReferenceJSON.parse(redacted, limit: 400), "\(text)\n\(String(decoding: redacted, as: UTF8.self))")
            try #require(before.range == after.range)
            let values = try [document, redacted].map { try JSONSerialization.jsonObject(with: Data($0)) }
            let isSame = isSame(values[0], values[1])
            try #require(isSame, "\(text)\n\(String(decoding: redacted, as: UTF8.self))")
            var again = redacted
            FrameRedactor.redact(&again)
            try #require(again == redacted, "\(text)\n\(String(decoding: redacted, as: UTF8.self))")
        }
    }

    /// Of a frame that was cut off nothing is left either that was whole.
    @Test func takesEverySecretOfWhatWasCutOff() throws {
        var forge = SecretForge(FuzzRun.generator("takesEverySecretOfWhatWasCutOff"))
        for _ in 0..<FuzzRun.cases(default: 4_000) {
            let document = forge.document()
            var cut = Array(document.prefix(1 + forge.random.below(document.count)))
            let text = String(decoding: cut, as: UTF8.self)
            FrameRedactor.redact(&cut)
            let isClean = !Self.hasMark(cut)
            try #require(isClean, "\(text)\n\(String(decoding: cut, as: UTF8.self))")
        }
    }

    /// Bytes of any kind keep their number, and nothing crashes.
    @Test func livesWithBytesOfAnyKind() throws {
        var random = FuzzRun.generator("livesWithBytesOfAnyKind")
        var forge = SecretForge(random)
        for _ in 0..<FuzzRun.cases(default: 4_000) {
            var bytes = forge.document()
            for _ in 0..<(1 + random.below(8)) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = random.pick(Array("\"\\:=/'{}%&?@ ".utf8))
                case 1: bytes[place] = UInt8(random.below(256))
                default: bytes.remove(at: place)
                }
            }
            let count = bytes.count
            FrameRedactor.redact(&bytes)
            try #require(bytes.count == count)
        }
    }

    /// What Home Assistant really sends is changed nowhere but in values that are secret.
    @Test func leavesRecordedFramesAlone() throws {
        var changed = 0
        for event in FrameFuzzTests.captured {
            var redacted = event
            guard FrameRedactor.redact(&redacted) > 0 else {
                #expect(redacted == event)
                continue
            }
            changed += 1
            let values = try [event, redacted].map { try JSONSerialization.jsonObject(with: Data($0)) }
            #expect(isSame(values[0], values[1]), "\(String(decoding: redacted, as: UTF8.self))")
        }
        #expect(changed < FrameFuzzTests.captured.count / 4)
    }
}
