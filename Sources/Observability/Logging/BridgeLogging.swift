import BridgeConcurrency
import Glibc
import Logging

/// Sets up the logging of the process.
package enum BridgeLogging {
    /// Sends every logger's lines of `level` and above to `sink`. Call once, first thing; swift-log traps on a second call.
    ///
    /// Also makes the process ignore SIGPIPE: whoever reads our log may go away.
    package static func bootstrap(level: Logger.Level, format: LogFormat, sink: LogSink = .standardError) {
        ignoreBrokenPipes()
        LoggingSystem.bootstrap { label in
            BridgeLogHandler(label: label, level: level, format: format, sink: sink)
        }
    }

    /// A write to a closed pipe or socket becomes an error for the writer, not the end of the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Shows on `/metrics` how many lines `sink` lost.
    package static func register(_ sink: LogSink = .standardError, in metrics: MetricsRegistry) {
        metrics.counter("ha_bridge_log_lines_lost_total", "Log lines that could not be written.") {
            Double(sink.linesLost)
        }
    }
}
