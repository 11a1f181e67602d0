import Testing

@testable import WebSocketTransport

struct MessageAssemblerTests {
    private func append(
        _ assembler: inout MessageAssembler, _ bytes: [UInt8], remaining: Int = 0, isFinal: Bool = true
    ) -> MessageAssembler.Outcome {
        bytes.withUnsafeBytes { assembler.append($0, remaining: remaining, isFinal: isFinal) }
    }

    @Test func aWholeMessageComesBackAtOnce() {
        var assembler = MessageAssembler(limit: 10)
        #expect(append(&assembler, [1, 2]) == .message([1, 2]))
        #expect(append(&assembler, []) == .message([]))
        #expect(append(&assembler, [3]) == .message([3]))
    }

    @Test func piecesOfFramesAndFramesOfMessagesAreJoined() {
        var assembler = MessageAssembler(limit: 10)
        #expect(append(&assembler, [1], remaining: 2, isFinal: false) == .incomplete)
        #expect(append(&assembler, [2, 3], remaining: 0, isFinal: false) == .incomplete)
        #expect(append(&assembler, [], remaining: 0, isFinal: false) == .incomplete)
        #expect(append(&assembler, [4], remaining: 1, isFinal: true) == .incomplete)
        #expect(append(&assembler, [5]) == .message([1, 2, 3, 4, 5]))
        #expect(append(&assembler, [6]) == .message([6]))
    }

    @Test func theLimitIsExact() {
        var assembler = MessageAssembler(limit: 3)
        #expect(append(&assembler, [1, 2, 3]) == .message([1, 2, 3]))
        #expect(append(&assembler, [1, 2], isFinal: false) == .incomplete)
        #expect(append(&assembler, [3]) == .message([1, 2, 3]))
        #expect(append(&assembler, [1, 2], isFinal: false) == .incomplete)
        #expect(append(&assembler, [3, 4]) == .tooBig)
    }

    @Test(arguments: [3, Int.max]) func anAnnouncementPastTheLimitIsEnough(remaining: Int) {
        var assembler = MessageAssembler(limit: 3)
        #expect(append(&assembler, [1], remaining: remaining) == .tooBig)
    }
}
