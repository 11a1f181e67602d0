import BridgeConcurrency
import BridgeCore

/// The effective settings as `ha-bridge run --check-config` shows them: each with its source, without secrets.
struct SettingsTable: Sendable, Equatable, Codable {
    /// One setting.
    struct Row: Sendable, Equatable, Codable {
        /// The environment variable.
        let name: String
        /// `nil` when it is not set and has no default.
        let value: String?
        /// `default`, `environment` or `file PATH:LINE`.
        let source: String
    }

    let settings: [Row]

    /// Three columns for people.
    var text: String {
        let rows = settings.map { [$0.name, $0.value ?? "(not set)", $0.source] }
        let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            (0..<2).map { row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count) }
                .joined(separator: "  ") + "  " + row[2] + "\n"
        }.joined()
    }
}

extension BridgeSettings {
    /// Every setting with its effective value and source, passwords redacted.
    func redactedTable() -> SettingsTable {
        SettingsTable(
            settings: SettingName.allCases.map { name in
                .init(
                    name: name.variable, value: text(of: name).map(Redactor.redact),
                    source: source(of: name).description)
            })
    }

    private func text(of name: SettingName) -> String? {
        switch name {
        case .databaseURL: databaseURL
        case .stateDirectory: stateDirectory
        case .keyFile: keyFile
        case .httpAddress: httpAddress.description
        case .httpCertificate: httpCertificate
        case .httpPrivateKey: httpPrivateKey
        case .httpPlaintext: acceptsPlaintext ? "accept" : "refuse"
        case .console: servesConsole ? "on" : "off"
        case .allowedNetworks:
            allowedNetworks.isEmpty ? nil : allowedNetworks.map(\.description).joined(separator: ", ")
        case .config: configFile
        case .logLevel: logLevel.rawValue
        case .logFormat: logFormat.rawValue
        case .retentionDays: "\(retentionDays)"
        case .rollupDays: "\(rollupDays)"
        case .metricsDays: "\(metricsDays)"
        case .auditDays: "\(auditDays)"
        case .spoolMaxBytes: ByteSize.format(spoolMaxBytes)
        case .queueMaxBytes: ByteSize.format(queueMaxBytes)
        case .batchMaxRows: "\(batchMaxRows)"
        case .batchMaxAge: "\(Int(batchMaxAge / .milliseconds(1)))"
        case .embedder: embedder.rawValue
        }
    }
}
