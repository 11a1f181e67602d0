import BridgeCore
import Embedding
import Foundation
import Testing

@testable import Ingest

@Suite struct ExemplarDirectoryTests {
    private let directory = ExemplarDirectory()
    private let connection = ConnectionID()
    private let key = EmbeddingKey(high: 1, low: 2)

    @Test func asksOnceAndRemembersTheAnswer() throws {
        #expect(directory.look(up: key, of: connection, month: 7) == (false, nil))
        _ = directory.look(up: key, of: connection, month: 7)
        let questions = directory.takeQuestions(limit: 10)
        #expect(questions == [.init(connection: connection, key: key, month: 7)])
        #expect(directory.takeQuestions(limit: 10).isEmpty)

        let exemplar = EventID(UUID())
        directory.learn(exemplar, of: try #require(questions.first))
        #expect(directory.look(up: key, of: connection, month: 7) == (true, exemplar))
        #expect(directory.takeQuestions(limit: 10).isEmpty)
    }

    @Test func givesNoExemplarOfAnotherMonth() throws {
        _ = directory.look(up: key, of: connection, month: 7)
        directory.learn(EventID(UUID()), of: .init(connection: connection, key: key, month: 7))
        // The document is the same in each month.
        #expect(directory.look(up: key, of: connection, month: 8) == (true, nil))
        // An answer that comes too late is no answer.
        directory.learn(EventID(UUID()), of: .init(connection: connection, key: key, month: 7))
        #expect(directory.look(up: key, of: connection, month: 8) == (true, nil))
    }

    @Test func asksAgainInEachRoundAndUsesTheOldAnswerMeanwhile() throws {
        let exemplar = EventID(UUID())
        _ = directory.look(up: key, of: connection, month: 7)
        let question = try #require(directory.takeQuestions(limit: 1).first)
        directory.learn(exemplar, of: question)
        directory.beginRound()
        #expect(directory.look(up: key, of: connection, month: 7) == (true, exemplar))
        #expect(directory.takeQuestions(limit: 10) == [question])
        directory.learn(nil, of: question)
        #expect(directory.look(up: key, of: connection, month: 7) == (true, nil))
    }

    @Test func knowsWhichDocumentsAreStored() {
        _ = directory.look(up: key, of: connection, month: 7)
        directory.stored([key])
        #expect(directory.look(up: key, of: connection, month: 7).hasDocument)
    }

    @Test func staysWithinItsBoundAndKeepsWhatIsUsed() {
        _ = directory.look(up: key, of: connection, month: 7)
        directory.stored([key])
        for number in 0..<1_200_000 {
            _ = directory.look(up: EmbeddingKey(high: 9, low: UInt64(number)), of: connection, month: 7)
            if number.isMultiple(of: 1_000) { _ = directory.look(up: key, of: connection, month: 7) }
        }
        #expect(directory.count <= 524_289)
        #expect(directory.look(up: key, of: connection, month: 7).hasDocument)
        #expect(directory.takeQuestions(limit: .max).count <= 8_192)
    }
}
