import BridgeCore
import FoundationEssentials
import Testing

@testable import Store

/// The file of checkpoints; no database.
@Suite struct AuditCheckpointFileTests {
    private func checkpoint(_ number: Int64) throws -> AuditCheckpoint {
        let keyring = try AuditHouse.newKeyring()
        return try AuditCheckpoint(
            createdAt: .sample, isComplete: true,
            positions: [
                AuditChain(.connections, nil): AuditPosition(
                    sequence: number, digest: String(repeating: "a", count: 64))
            ],
            signer: try #require(keyring.signer))
    }

    private func with(limit: Int = 1 << 20, _ body: (AuditCheckpointFile) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)").path()
        defer { for end in ["", ".1"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try body(AuditCheckpointFile(path: path, limit: limit))
    }

    @Test func givesBackWhatWasAppended() throws {
        try with { file in
            #expect(try file.read().checkpoints.isEmpty)
            #expect(file.isFresh)
            let written = try (1...3).map { try checkpoint($0) }
            for one in written { try file.append(one) }
            #expect(try file.read().checkpoints == written)
            #expect(!file.isFresh)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func aLineThatWasCutOffCostsNoOther() throws {
        try with { file in
            let (first, second) = (try checkpoint(1), try checkpoint(2))
            let cut = Data((try first.line() + "\n" + String(try first.line().prefix(40))).utf8)
            try cut.write(to: URL(filePath: file.path))
            try file.append(second)
            let (checkpoints, others) = try file.read()
            #expect(checkpoints == [first, second])
            #expect(others == 1)
        }
    }

    @Test func staysBoundedAndKeepsTheNewest() throws {
        try with(limit: 2_000) { file in
            var last: AuditCheckpoint?
            for number in 1...50 {
                last = try checkpoint(Int64(number))
                if let last { try file.append(last) }
            }
            let kept = try file.read().checkpoints
            #expect(kept.last == last && kept.count < 20)
        }
    }

    @Test func aMissingFileIsSaidWhereOneWasNamed() throws {
        try with { file in
            #expect(throws: AuditCheckpointFile.Failure.self) { try file.read(mustExist: true) }
        }
    }
}
