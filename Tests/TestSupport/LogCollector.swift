import BridgeConcurrency
import Logging

/// Keeps what was logged, so that tests can look for sentences and for what must not be there.
package final class LogCollector: Sendable {
    private let lines = LockedBox<[String]>([])

    package init() {}

    package var logger: Logger {
        var logger = Logger(label: "test") { [lines] _ in Handler(lines: lines) }
        logger.logLevel = .trace
        return logger
    }

    package var text: String { lines.withLock { $0.joined(separator: "\n") } }

    private struct Handler: LogHandler {
        let lines: LockedBox<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            lines.withLock { $0.append("\(event.level) \(event.message) \(all)") }
        }
    }
}
