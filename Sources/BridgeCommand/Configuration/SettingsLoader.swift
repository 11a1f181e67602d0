import BridgeConcurrency
import BridgeCore
import Logging
import Observability
import WebSocketTransport

/// Makes `BridgeSettings` of the environment and of the file that HA_BRIDGE_CONFIG names. The environment wins.
struct SettingsLoader {
    private struct Value {
        let text: String
        let source: SettingSource
        /// What the person calls it: the variable, or the key and its place in the file.
        let name: String
    }

    private let environment: [String: String]
    private var file: ConfigurationFile?
    private var path: String?
    private var problems: [String] = []
    private var settings = BridgeSettings()

    private init(_ environment: [String: String]) { self.environment = environment }

    /// Reads everything and reports all that is wrong at once.
    ///
    /// - Parameters:
    ///   - environment: Of the process; variables that do not start with HA_BRIDGE_, and those of the tests, are ignored.
    ///     An empty variable counts as not set.
    ///   - requiresDatabase: Whether a missing DATABASE_URL is a problem.
    ///   - readFile: Gives the text of a file or throws an error that says why not.
    static func load(
        environment: [String: String], requiresDatabase: Bool = true,
        readFile: (String) throws -> String = SettingsFileReader.read
    ) throws(ConfigurationError) -> BridgeSettings {
        var loader = SettingsLoader(environment)
        loader.findUnknownVariables()
        loader.readFile(with: readFile)
        loader.readAll()
        if requiresDatabase, loader.value(of: .databaseURL) == nil {
            loader.problems.append(BridgeSettings.databaseURLMissing)
        }
        guard loader.problems.isEmpty else { throw ConfigurationError(problems: loader.problems) }
        return loader.settings
    }

    private mutating func findUnknownVariables() {
        let known = SettingName.allCases.map(\.variable)
        for name in environment.keys.sorted()
        where name.hasPrefix("HA_BRIDGE_") && !name.hasPrefix("HA_BRIDGE_TEST_") && !known.contains(name) {
            problems.append(
                "Unknown environment variable \(Quotation.of(name)).\(Suggestion.hint(for: name, among: known))")
        }
    }

    private mutating func readFile(with read: (String) throws -> String) {
        guard let path = environment[SettingName.config.variable], !path.isEmpty else { return }
        self.path = path
        settings.configFile = path
        settings.sources[.config] = .environment
        do {
            let file = ConfigurationFile(try read(path), path: path)
            problems += file.problems
            self.file = file
        } catch {
            problems.append("Cannot read the configuration file \(path) that HA_BRIDGE_CONFIG names: \(error).")
        }
    }

    private mutating func readAll() {
        set(
            .databaseURL, \.databaseURL,
            "must be a URI such as postgresql://user@host/name, or conninfo such as host=/tmp dbname=name"
        ) { Self.isConnectionString($0) ? .some($0) : nil }
        set(.stateDirectory, \.stateDirectory, Self.pathRule, Self.path)
        settings.keyFile = settings.stateDirectory + (settings.stateDirectory.hasSuffix("/") ? "keyring" : "/keyring")
        set(.keyFile, \.keyFile, Self.pathRule, Self.path)
        set(.httpAddress, \.httpAddress, "must be an address and a port such as 127.0.0.1:8099 or [::1]:8099") {
            HTTPAddress($0)
        }
        set(.httpCertificate, \.httpCertificate, Self.pathRule) { Self.path($0).map { .some($0) } }
        set(.httpPrivateKey, \.httpPrivateKey, Self.pathRule) { Self.path($0).map { .some($0) } }
        if (settings.httpCertificate == nil) != (settings.httpPrivateKey == nil) {
            problems.append(
                "HA_BRIDGE_HTTP_CERTIFICATE and HA_BRIDGE_HTTP_PRIVATE_KEY belong together: set both or none.")
        }
        choose(.httpPlaintext, \.acceptsPlaintext, [("accept", true), ("refuse", false)])
        choose(.console, \.servesConsole, [("on", true), ("off", false)])
        set(
            .allowedNetworks, \.allowedNetworks,
            "must be networks separated by commas, such as 192.168.1.0/24, fd00::/8, 127.0.0.1", Self.networks)
        choose(.logLevel, \.logLevel, Logger.Level.allCases.map { ($0.rawValue, $0) })
        choose(.logFormat, \.logFormat, LogFormat.allCases.map { ($0.rawValue, $0) })
        number(.retentionDays, \.retentionDays, 1...36_500, "days")
        number(.rollupDays, \.rollupDays, 1...36_500, "days")
        number(.metricsDays, \.metricsDays, 1...36_500, "days")
        number(.auditDays, \.auditDays, 0...36_500, "days")
        size(.spoolMaxBytes, \.spoolMaxBytes, 16 << 20...1 << 50)
        size(.queueMaxBytes, \.queueMaxBytes, 1 << 20...64 << 30)
        number(.batchMaxRows, \.batchMaxRows, 1...100_000, "rows")
        var milliseconds = 25
        read(.batchMaxAge, "must be a whole number of milliseconds from 1 to 60000") { text in
            milliseconds = Self.integer(text, in: 1...60_000) ?? 0
            return milliseconds > 0
        }
        settings.batchMaxAge = .milliseconds(milliseconds)
        choose(.embedder, \.embedder, EmbedderChoice.allCases.map { ($0.rawValue, $0) })
    }

    // MARK: Kinds of values

    private mutating func set<Setting>(
        _ name: SettingName, _ property: WritableKeyPath<BridgeSettings, Setting>, _ rule: String,
        _ parse: (String) -> Setting?
    ) {
        var parsed: Setting?
        read(name, rule) { text in
            parsed = parse(text)
            return parsed != nil
        }
        if let parsed { settings[keyPath: property] = parsed }
    }

    private mutating func number(
        _ name: SettingName, _ property: WritableKeyPath<BridgeSettings, Int>, _ range: ClosedRange<Int>, _ unit: String
    ) {
        let rule = "must be a whole number of \(unit) from \(range.lowerBound) to \(range.upperBound)"
        set(name, property, rule) { Self.integer($0, in: range) }
    }

    private mutating func size(
        _ name: SettingName, _ property: WritableKeyPath<BridgeSettings, Int>, _ range: ClosedRange<Int>
    ) {
        let bounds = "from \(ByteSize.format(range.lowerBound)) to \(ByteSize.format(range.upperBound))"
        set(name, property, "must be a size such as 64MiB or 2GiB, \(bounds)") { text in
            ByteSize.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private mutating func choose<Setting>(
        _ name: SettingName, _ property: WritableKeyPath<BridgeSettings, Setting>, _ choices: [(String, Setting)]
    ) {
        let names = choices.map(\.0)
        set(name, property, "must be one of \(names.joined(separator: ", "))") { text in
            choices.first { $0.0 == text.lowercased() }?.1
        }
    }

    /// Hands the value of `name` to `accept`, if it is set, and notes its source or the problem.
    private mutating func read(_ name: SettingName, _ rule: String, _ accept: (String) -> Bool) {
        guard let value = value(of: name) else { return }
        if accept(value.text) {
            settings.sources[name] = value.source
        } else {
            // What a connection string holds is never repeated, not even when it is wrong.
            let text = name == .databaseURL ? "" : ", not \(Quotation.of(Redactor.redact(value.text)))"
            problems.append("\(value.name) \(rule)\(text).")
        }
    }

    private func value(of name: SettingName) -> Value? {
        if let text = environment[name.variable], !text.isEmpty {
            return Value(text: text, source: .environment, name: name.variable)
        }
        guard name.isAllowedInFile, let path, let entry = file?.entries[name], !entry.text.isEmpty else { return nil }
        let source = SettingSource.file(path: path, line: entry.line)
        let place = entry.line.map { "\(path):\($0)" } ?? path
        return Value(text: entry.text, source: source, name: "\(place): \(name.rawValue)")
    }

    // MARK: Rules

    private static let pathRule = "must be a path; ~ is not expanded here"

    private static func path(_ text: String) -> String? {
        text.hasPrefix("~") || text.utf8.contains(0) ? nil : text
    }

    private static func networks(_ text: String) -> [IPNetwork]? {
        let words = text.split { $0 == "," || $0.isWhitespace }
        let networks = words.compactMap { IPNetwork(String($0)) }
        return networks.isEmpty || networks.count != words.count ? nil : networks
    }

    private static func integer(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else { return nil }
        return range.contains(number) ? number : nil
    }

    /// Whether libpq could make sense of it; the whole truth is libpq's.
    private static func isConnectionString(_ text: String) -> Bool {
        if text.contains("://") && !text.prefix(while: { $0 != ":" }).contains("=") {
            return text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
        }
        return text.contains("=")
    }
}
