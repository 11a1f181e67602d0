import Logging
import Observability
import WebSocketTransport

/// Everything that can be set from outside, read once at the start.
struct BridgeSettings: Sendable {
    /// How PostgreSQL is reached, as a URI or conninfo; `nil` when it was not set. May hold a password: never print it.
    var databaseURL: String?
    /// Where the spool and the keyring lie.
    var stateDirectory = "/var/lib/ha-bridge"
    /// The keyring.
    var keyFile = "/var/lib/ha-bridge/keyring"
    /// Where health, metrics and the console are served.
    var httpAddress = HTTPAddress(host: "127.0.0.1", port: 8_099)
    /// The certificate, with those that lead to it, in PEM; `nil` for no TLS.
    var httpCertificate: String?
    /// The private key of the certificate, in PEM.
    var httpPrivateKey: String?
    /// Whether others than this machine may be served without TLS.
    var acceptsPlaintext = false
    /// Whether the console is served.
    var servesConsole = true
    /// Networks outside of which no Home Assistant is; none for no such limit.
    var allowedNetworks: [IPNetwork] = []
    /// The configuration file, when there is one.
    var configFile: String?
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text
    /// How long events are kept.
    var retentionDays = 90
    /// How long roll-ups to 5 minutes are kept.
    var rollupDays = 400
    /// How long metrics of connections are kept as they were measured.
    var metricsDays = 90
    /// How long audit rows are kept; 0 for ever.
    var auditDays = 0
    /// How much of the disk may hold events that wait.
    var spoolMaxBytes = 2 << 30
    /// How much memory may hold events that wait.
    var queueMaxBytes = 64 << 20
    /// The most rows in one transaction.
    var batchMaxRows = 10_000
    /// How long a row may wait for others.
    var batchMaxAge = Duration.milliseconds(25)
    var embedder = EmbedderChoice.minilm

    /// Where each value comes from.
    var sources: [SettingName: SettingSource] = [:]

    /// The settings without any source.
    init() {}

    /// Where `name` comes from.
    func source(of name: SettingName) -> SettingSource { sources[name] ?? .default }

    /// The connection string, or a sentence that says where to set it.
    func requireDatabaseURL() throws(ConfigurationError) -> String {
        guard let databaseURL else { throw ConfigurationError(problems: [Self.databaseURLMissing]) }
        return databaseURL
    }

    static let databaseURLMissing =
        "DATABASE_URL is not set. Set it to your PostgreSQL, such as postgresql://ha_bridge@localhost/ha_bridge."
}

/// Shown without secrets, also by reflection: what holds settings may end up in a log line.
extension BridgeSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { redactedTable().text }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
