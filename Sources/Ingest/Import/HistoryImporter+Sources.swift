import BridgeCore
import Embedding
import Logging
import PostgresClient
import Store

/// Where a history comes from.
package enum ImportOrigin: Sendable, Equatable {
    /// Home Assistant's own database, a SQLite file.
    case recorderFile(path: String)
    /// Home Assistant's own database on a PostgreSQL server: a libpq URI or conninfo, which may hold a password.
    case recorderServer(url: String)
    /// The table of the integration ltss.
    case ltss(url: String)
}

extension HistoryImporter {
    /// Opens `origin` and lends an importer of it into `connection` to `body`. With `house`, rows get the keys by which they are
    /// found by their meaning. Throws `ImportError`, and what `body` throws.
    package static func with<Result>(
        _ origin: ImportOrigin, into connection: ConnectionID, pool: PostgresPool, house: HouseContext?, logger: Logger,
        _ body: (inout HistoryImporter) async throws -> Result
    ) async throws -> Result {
        let database: any HistoryDatabase
        switch origin {
        case .recorderFile(let path): database = try await SQLiteHistory(path: path)
        case .recorderServer(let url), .ltss(let url): database = try await PostgresHistory(url: url, logger: logger)
        }
        do {
            let source: any ImportSource
            if case .ltss = origin {
                source = try await LTSSSource(database)
            } else {
                source = try await RecorderSource(database)
            }
            var importer = HistoryImporter(
                pool: pool, connection: connection, source: source, house: house, logger: logger)
            let result = try await body(&importer)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }
}
