import FoundationEssentials
import Glibc
import Logging
import Observability
import Testing

@testable import BridgeCommand

@Suite struct ConfigurationTests {
    private static let database = ["DATABASE_URL": "postgresql://u@h/d"]

    private struct NoSuchFile: Error, CustomStringConvertible { let description = "No such file or directory" }

    private func load(
        _ environment: [String: String], file: String? = nil, adds: Bool = true
    ) throws(ConfigurationError) -> BridgeSettings {
        var all = adds ? Self.database.merging(environment) { _, new in new } : environment
        if file != nil { all["HA_BRIDGE_CONFIG"] = "/etc/b.yaml" }
        return try SettingsLoader.load(environment: all) { path in
            guard let file else { throw NoSuchFile() }
            return file
        }
    }

    private func problems(_ environment: [String: String], file: String? = nil, adds: Bool = true) -> [String] {
        do {
            _ = try load(environment, file: file, adds: adds)
            return []
        } catch {
            return error.problems
        }
    }

    @Test func hasTheDefaultsOfTheManual() throws {
        let settings = try load([:])
        #expect(settings.stateDirectory == "/var/lib/ha-bridge")
        #expect(settings.keyFile == "/var/lib/ha-bridge/keyring")
        #expect(settings.httpAddress.description == "127.0.0.1:8099")
        #expect(settings.logLevel == .info && settings.logFormat == .text)
        #expect(settings.retentionDays == 90)
        #expect(settings.spoolMaxBytes == 2_147_483_648 && settings.queueMaxBytes == 67_108_864)
        #expect(settings.batchMaxRows == 10_000 && settings.batchMaxAge == .milliseconds(25))
        #expect(settings.embedder == .minilm)
        #expect(settings.source(of: .logLevel) == .default)
        #expect(settings.source(of: .databaseURL) == .environment)
    }

    @Test func readsTheEnvironment() throws {
        let settings = try load([
            "HA_BRIDGE_STATE_DIR": "/s/", "HA_BRIDGE_HTTP_ADDRESS": "[::1]:9", "HA_BRIDGE_LOG_LEVEL": "DEBUG",
            "HA_BRIDGE_LOG_FORMAT": "json", "HA_BRIDGE_RETENTION_DAYS": "7", "HA_BRIDGE_SPOOL_MAX_BYTES": "1GiB",
            "HA_BRIDGE_QUEUE_MAX_BYTES": "8000000", "HA_BRIDGE_BATCH_MAX_ROWS": "10",
            "HA_BRIDGE_BATCH_MAX_AGE_MS": "1500", "HA_BRIDGE_EMBEDDER": "off", "HA_BRIDGE_TEST_ANYTHING": "x",
            "HA_BRIDGE_ALLOWED_NETWORKS": "192.168.1.0/24, fd00::/8 127.0.0.1", "PATH": "/bin", "HA_URL": "x",
        ])
        #expect(settings.keyFile == "/s/keyring")
        #expect(settings.httpAddress == HTTPAddress(host: "::1", port: 9))
        #expect(settings.logLevel == .debug && settings.logFormat == .json && settings.retentionDays == 7)
        #expect(settings.spoolMaxBytes == 1 << 30 && settings.queueMaxBytes == 8_000_000)
        #expect(settings.batchMaxRows == 10 && settings.batchMaxAge == .milliseconds(1_500))
        #expect(settings.embedder == .off)
        #expect(settings.allowedNetworks.map(\.description) == ["192.168.1.0/24", "fd00::/8", "127.0.0.1/32"])
    }

    @Test func letsTheEnvironmentWinOverTheFile() throws {
        let file = "# comment\nlog_level: debug\nretention_days: 30\nkey_file: '/k'\nembedder: ~\nlog_format:\n"
        let settings = try load(["HA_BRIDGE_LOG_LEVEL": "error", "HA_BRIDGE_RETENTION_DAYS": ""], file: file)
        #expect(settings.logLevel == .error && settings.source(of: .logLevel) == .environment)
        #expect(settings.retentionDays == 30)
        #expect(settings.source(of: .retentionDays) == .file(path: "/etc/b.yaml", line: 3))
        #expect(settings.source(of: .retentionDays).description == "file /etc/b.yaml:3")
        #expect(settings.keyFile == "/k")
        #expect(settings.source(of: .embedder) == .default && settings.source(of: .logFormat) == .default)
    }

    @Test(arguments: ["", "# nothing\n", "~\n", "---\n"])
    func takesAnEmptyFileForNothingSet(file: String) throws {
        #expect(try load([:], file: file).source(of: .logLevel) == .default)
    }

    @Test(
        arguments: [
            (
                "HA_BRIDGE_LOG_LEVEL", "loud",
                "must be one of trace, debug, info, notice, warning, error, critical, not \"loud\"."
            ),
            ("HA_BRIDGE_LOG_FORMAT", "xml", "must be one of text, json, not \"xml\"."),
            ("HA_BRIDGE_EMBEDDER", "openai", "must be one of minilm, lexical, off, not \"openai\"."),
            (
                "HA_BRIDGE_HTTP_ADDRESS", "8099",
                "must be an address and a port such as 127.0.0.1:8099 or [::1]:8099, not \"8099\"."
            ),
            ("HA_BRIDGE_HTTP_ADDRESS", "::1:8099", "must be an address"),
            ("HA_BRIDGE_HTTP_ADDRESS", "[::1]", "must be an address"),
            ("HA_BRIDGE_HTTP_ADDRESS", "h:65536", "must be an address"),
            ("HA_BRIDGE_HTTP_ADDRESS", "h:+1", "must be an address"),
            ("HA_BRIDGE_HTTP_ADDRESS", "http://h:1", "must be an address"),
            ("HA_BRIDGE_HTTP_ADDRESS", ":8099", "must be an address"),
            ("HA_BRIDGE_ALLOWED_NETWORKS", "192.168.1.0/33", "must be networks separated by commas"),
            ("HA_BRIDGE_ALLOWED_NETWORKS", "10.0.0.0/8, home.local", "must be networks separated by commas"),
            ("HA_BRIDGE_ALLOWED_NETWORKS", ", ,", "must be networks separated by commas"),
            ("HA_BRIDGE_RETENTION_DAYS", "0", "must be a whole number of days from 1 to 36500, not \"0\"."),
            ("HA_BRIDGE_RETENTION_DAYS", "-1", "must be a whole number"),
            ("HA_BRIDGE_RETENTION_DAYS", "1.5", "must be a whole number"),
            ("HA_BRIDGE_RETENTION_DAYS", "99999999999999999999", "must be a whole number"),
            (
                "HA_BRIDGE_SPOOL_MAX_BYTES", "2G",
                "must be a size such as 64MiB or 2GiB, from 16 MiB to 1024 TiB, not \"2G\"."
            ),
            ("HA_BRIDGE_SPOOL_MAX_BYTES", "1MiB", "must be a size"),
            ("HA_BRIDGE_SPOOL_MAX_BYTES", "99999999TiB", "must be a size"),
            ("HA_BRIDGE_SPOOL_MAX_BYTES", "٢GiB", "must be a size"),
            (
                "HA_BRIDGE_QUEUE_MAX_BYTES", "lots\nINJECTED",
                "must be a size such as 64MiB or 2GiB, from 1 MiB to 64 GiB, not \"lots\u{FFFD}INJECTED\"."
            ),
            ("HA_BRIDGE_BATCH_MAX_ROWS", "", nil),
            ("HA_BRIDGE_BATCH_MAX_ROWS", "0", "must be a whole number of rows"),
            (
                "HA_BRIDGE_BATCH_MAX_AGE_MS", "60001",
                "must be a whole number of milliseconds from 1 to 60000, not \"60001\"."
            ),
            ("HA_BRIDGE_STATE_DIR", "~/x", "must be a path; ~ is not expanded here, not \"~/x\"."),
            (
                "DATABASE_URL", "hunter2",
                "must be a URI such as postgresql://user@host/name, or conninfo such as host=/tmp dbname=name."
            ),
            ("DATABASE_URL", "mysql://u:hunter2@h/d", "must be a URI"),
        ] as [(String, String, String?)])
    func saysWhatIsWrongWithAValue(name: String, value: String, expected: String?) throws {
        let problems = problems([name: value])
        guard let expected else { return #expect(problems.isEmpty) }
        try #require(problems.count == 1)
        #expect(problems[0].hasPrefix("\(name) \(expected)"))
        #expect(problems[0].hasSuffix("."))
        #expect(!problems[0].contains("hunter2"))
    }

    @Test func reportsEverythingAtOnce() {
        let found = problems(
            ["HA_BRIDGE_LOGLEVEL": "x", "HA_BRIDGE_ZZZZZZZZ": "x", "HA_BRIDGE_LOG_FORMAT": "xml"],
            file: "retention_day: 3\nspool_max_bytes: lots\nbatch_max_rows: [1]\nconfig: /x\n", adds: false)
        #expect(
            found == [
                "Unknown environment variable \"HA_BRIDGE_LOGLEVEL\". Did you mean HA_BRIDGE_LOG_LEVEL?",
                "Unknown environment variable \"HA_BRIDGE_ZZZZZZZZ\".",
                "/etc/b.yaml:1: unknown setting \"retention_day\". Did you mean retention_days?",
                "/etc/b.yaml:3: batch_max_rows must be a single value.",
                "/etc/b.yaml:4: unknown setting \"config\".",
                "HA_BRIDGE_LOG_FORMAT must be one of text, json, not \"xml\".",
                "/etc/b.yaml:2: spool_max_bytes must be a size such as 64MiB or 2GiB, from 16 MiB to 1024 TiB, not \"lots\".",
                "DATABASE_URL is not set. Set it to your PostgreSQL, such as postgresql://ha_bridge@localhost/ha_bridge.",
            ])
    }

    @Test(arguments: [
        "log_level: debug\nlog_level: info\n", "- log_level\n", "just text\n", "a: [\n", "log_level: \"x\n",
        "a: b: hunter2\n", "database_url: 'hunter2\n", "%YAML 9\n---\n", "\u{1}", "log_level: a\n---\nlog_level: b\n",
        "a: &a [*a, *a]\n", "*x\n", "database_url: {hunter2: x}\n", "? [hunter2]\n: x\n",
    ])
    func refusesAFileThatIsNoListOfSettings(file: String) throws {
        let found = problems([:], file: file)
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.hasPrefix("/etc/b.yaml") && !$0.contains("\n") }, "\(found)")
        #expect(!found.joined().contains("hunter2"), "\(found)")
    }

    @Test func refusesAFileThatIsTooLarge() {
        #expect(problems([:], file: String(repeating: "#\n", count: 40_000)).count == 1)
    }

    @Test func saysThatTheFileIsMissing() {
        #expect(
            problems(["HA_BRIDGE_CONFIG": "/no/such"]) == [
                "Cannot read the configuration file /no/such that HA_BRIDGE_CONFIG names: No such file or directory."
            ])
        do {
            _ = try SettingsLoader.load(environment: Self.database.merging(["HA_BRIDGE_CONFIG": "/tmp"]) { $1 })
            Issue.record("A directory is no file.")
        } catch {
            #expect(
                error.problems == [
                    "Cannot read the configuration file /tmp that HA_BRIDGE_CONFIG names: Is a directory."
                ])
        }
    }

    @Test func needsADatabaseOnlyWhereItIsUsed() throws {
        let settings = try SettingsLoader.load(environment: [:], requiresDatabase: false)
        #expect(throws: ConfigurationError.self) { try settings.requireDatabaseURL() }
        #expect(problems([:], adds: false).count == 1)
    }

    @Test func showsTheEffectiveSettingsWithTheirSources() throws {
        let settings = try load(
            ["HA_BRIDGE_QUEUE_MAX_BYTES": "5000000"], file: "log_level: debug\ndatabase_url: x=y\n")
        #expect(
            settings.redactedTable().text == """
                DATABASE_URL                postgresql://u@h/d          environment
                HA_BRIDGE_STATE_DIR         /var/lib/ha-bridge          default
                HA_BRIDGE_KEY_FILE          /var/lib/ha-bridge/keyring  default
                HA_BRIDGE_HTTP_ADDRESS      127.0.0.1:8099              default
                HA_BRIDGE_HTTP_CERTIFICATE  (not set)                   default
                HA_BRIDGE_HTTP_PRIVATE_KEY  (not set)                   default
                HA_BRIDGE_HTTP_PLAINTEXT    refuse                      default
                HA_BRIDGE_CONSOLE           on                          default
                HA_BRIDGE_ALLOWED_NETWORKS  (not set)                   default
                HA_BRIDGE_CONFIG            /etc/b.yaml                 environment
                HA_BRIDGE_LOG_LEVEL         debug                       file /etc/b.yaml:1
                HA_BRIDGE_LOG_FORMAT        text                        default
                HA_BRIDGE_RETENTION_DAYS    90                          default
                HA_BRIDGE_ROLLUP_DAYS       400                         default
                HA_BRIDGE_METRICS_DAYS      90                          default
                HA_BRIDGE_AUDIT_DAYS        0                           default
                HA_BRIDGE_SPOOL_MAX_BYTES   2 GiB                       default
                HA_BRIDGE_QUEUE_MAX_BYTES   5000000                     environment
                HA_BRIDGE_BATCH_MAX_ROWS    10000                       default
                HA_BRIDGE_BATCH_MAX_AGE_MS  25                          default
                HA_BRIDGE_EMBEDDER          minilm                      default

                """)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(settings.redactedTable()), as: UTF8.self)
        #expect(
            json.hasPrefix(
                #"{"settings":[{"name":"DATABASE_URL","source":"environment","value":"postgresql://u@h/d"},"#))
    }

    @Test(
        "A wide address needs TLS, or somebody's word",
        arguments: [
            (["HA_BRIDGE_HTTP_ADDRESS": "0.0.0.0:8099"], false),
            (["HA_BRIDGE_HTTP_ADDRESS": "192.168.1.5:8099"], false),
            (["HA_BRIDGE_HTTP_ADDRESS": "[::]:8099"], false), (["HA_BRIDGE_HTTP_ADDRESS": "house.local:8099"], false),
            (["HA_BRIDGE_HTTP_ADDRESS": "127.0.0.1:8099"], true), (["HA_BRIDGE_HTTP_ADDRESS": "[::1]:8099"], true),
            (["HA_BRIDGE_HTTP_ADDRESS": "0.0.0.0:8099", "HA_BRIDGE_HTTP_PLAINTEXT": "accept"], true),
            (
                [
                    "HA_BRIDGE_HTTP_ADDRESS": "0.0.0.0:8099", "HA_BRIDGE_HTTP_CERTIFICATE": "/c.pem",
                    "HA_BRIDGE_HTTP_PRIVATE_KEY": "/k.pem",
                ], true
            ),
        ])
    func wideAddresses(environment: [String: String], isAllowed: Bool) throws {
        let settings = try load(environment.merging(["DATABASE_URL": "postgresql://u@h/d"]) { own, _ in own })
        var isRefused = false
        do { try settings.checkListening() } catch { isRefused = true }
        #expect(isRefused != isAllowed)
    }

    @Test(arguments: [
        "postgresql://u:hunter2@h/d", "postgres://u@h/d?password=hunter2", "host=h password=hunter2 dbname=d",
        "host=h password='hunter2 hunter2' dbname=d", "password = hunter2", "postgres://u:hun/hunter2@h/d",
        "sslpassword=hunter2 host=h",
    ])
    func showsNoPassword(url: String) throws {
        let table = try load(["DATABASE_URL": url]).redactedTable()
        #expect(!table.text.contains("hunter2"))
        #expect(table.text.contains("‹redacted›"))
    }

    @Test(
        arguments: [
            ("1", 1), ("1b", 1), ("2GiB", 2 << 30), ("2 gib", 2 << 30), ("1KB", 1_000), ("1.5GiB", nil), ("GiB", nil),
            ("", nil), ("-1", nil), ("1 GiB x", nil), ("1TB", 1_000_000_000_000),
        ] as [(String, Int?)])
    func readsSizes(text: String, bytes: Int?) { #expect(ByteSize.parse(text) == bytes) }
}
