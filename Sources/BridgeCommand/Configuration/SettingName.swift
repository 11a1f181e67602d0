/// The settings that there are. The raw value is the key in the configuration file.
enum SettingName: String, CaseIterable, Sendable {
    case databaseURL = "database_url"
    case stateDirectory = "state_dir"
    case keyFile = "key_file"
    case httpAddress = "http_address"
    case httpCertificate = "http_certificate"
    case httpPrivateKey = "http_private_key"
    case httpPlaintext = "http_plaintext"
    case console
    case allowedNetworks = "allowed_networks"
    case config
    case logLevel = "log_level"
    case logFormat = "log_format"
    case retentionDays = "retention_days"
    case rollupDays = "rollup_days"
    case metricsDays = "metrics_days"
    case auditDays = "audit_days"
    case spoolMaxBytes = "spool_max_bytes"
    case queueMaxBytes = "queue_max_bytes"
    case batchMaxRows = "batch_max_rows"
    case batchMaxAge = "batch_max_age_ms"
    case embedder

    /// The name of the environment variable.
    var variable: String {
        self == .databaseURL ? "DATABASE_URL" : "HA_BRIDGE_" + rawValue.uppercased()
    }

    /// Whether the configuration file may hold it; it cannot name itself.
    var isAllowedInFile: Bool { self != .config }
}
