import BridgeConcurrency
import BridgeCore
import Logging

/// The log handler of the process: one line an event, redacted, to a `LogSink`. A value, as swift-log asks.
package struct BridgeLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let now: @Sendable () -> Timestamp

    /// Writes events of `level` and above to `sink`; `label` names the logger in JSON lines.
    package init(
        label: String, level: Logger.Level = .info, format: LogFormat = .text, sink: LogSink = .standardError,
        now: @escaping @Sendable () -> Timestamp = HealthClock.system.wall
    ) {
        self.label = label
        logLevel = level
        self.format = format
        self.sink = sink
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all[LoggingKeys.error] = "\(error)" }
        let line = line(event.level, event.message.description, all)
        sink.write(line) { lost in
            self.line(.warning, "Log lines were lost.", [LoggingKeys.count: "\(lost)"])
        }
    }

    private func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> [UInt8] {
        LogLine(time: now(), level: level, label: label, message: message, metadata: metadata).encoded(as: format)
    }
}
