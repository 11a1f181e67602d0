import FoundationEssentials
import Testing

@testable import Store

/// The files of `Migrations/` against the catalog; no database.
@Suite struct MigrationCatalogTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Migrations").path()

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".sql") }.sorted()
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: Self.folder + "/" + name)))
    }

    private func stem(_ migration: Migration) -> String {
        let digits = String(migration.version)
        return String(repeating: "0", count: 3 - digits.count) + digits + "__"
            + migration.description.replacing(" ", with: "_")
    }

    @Test func holdsEveryFileUnderItsVersionAndDescription() throws {
        let expected = MigrationCatalog.all.flatMap { ["V\(stem($0)).sql", "U\(stem($0)).sql"] }.sorted()
        #expect(try files() == expected)
    }

    @Test func embedsTheFilesByteByByte() throws {
        for migration in MigrationCatalog.all {
            #expect(try bytes("V\(stem(migration)).sql") == Array(migration.up.utf8))
            #expect(try bytes("U\(stem(migration)).sql") == Array(migration.down.utf8))
        }
    }

    @Test func countsVersionsFromOneWithoutHoles() {
        #expect(MigrationCatalog.all.map(\.version) == Array(1...MigrationCatalog.all.count))
    }

    @Test(arguments: MigrationCatalog.all.map(\.version))
    func leavesTransactionsToTheMigrator(version: Int) throws {
        let migration = try #require(MigrationCatalog.all.first { $0.version == version })
        for sql in [migration.up, migration.down] {
            let lines = sql.split(separator: "\n").map { $0.uppercased() }
            #expect(!lines.contains { $0.hasPrefix("COMMIT") || $0.hasPrefix("ROLLBACK") || $0 == "BEGIN;" })
        }
    }

    @Test func checksumIsTheSHA256OfTheFile() {
        let migration = Migration(version: 1, description: "x", up: Array("abc".utf8), down: [])
        #expect(migration.checksum == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
