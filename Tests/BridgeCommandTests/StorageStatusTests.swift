import BridgeCore
import Store
import Testing

@testable import BridgeCommand

@Suite struct StorageStatusTests {
    private func status(states: Int) -> StorageStatus {
        let pieces = (0..<10).map {
            StoragePiece(table: "events", index: $0 == 0 ? nil : "index_\($0)", bytes: 1_000 - $0 * 50)
        }
        return StorageStatus(use: StorageUse(events: states + 5, states: states, pieces: pieces))
    }

    @Test func tellsTheBytesOfAStateInWholeOnes() {
        #expect(status(states: 100).text == "7.6 KiB for about 100 states: 78 bytes each")
        #expect(status(states: 0).text == "7.6 KiB")
    }

    @Test func showsTheLargestPiecesAndTheRestTogether() {
        let rows = status(states: 100).table.rows
        #expect(rows.count == 9)
        #expect(rows.first == ["events", "", "1000 B", "10.0"])
        #expect(rows.last == ["everything else", "", "1.1 KiB", "11.5"])
        #expect(status(states: 0).table.rows.first?.last == "-")
    }

    @Test func everyPieceIsInTheJSON() throws {
        guard case .object(let members) = status(states: 100).jsonValue, case .array(let pieces)? = members["pieces"]
        else {
            Issue.record("The JSON has no pieces.")
            return
        }
        #expect(pieces.count == 10)
        #expect(members["bytes_per_state"] == .number(77.5))
        #expect(members["estimated_states"] == .integer(100))
        #expect(
            pieces.first
                == .object([
                    "table": .string("events"), "index": .null, "bytes": .integer(1_000),
                    "bytes_per_state": .number(10),
                ]))
    }
}
