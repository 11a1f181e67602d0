import ArgumentParser
import BridgeCore
import Store
import Testing

@testable import BridgeCommand

/// Which command lines mean what.
@Suite struct CommandArgumentTests {
    private static let good: [(line: String, command: String)] = [
        ("migrate up", "MigrateUp"), ("migrate up --dry-run", "MigrateUp"), ("migrate status --json", "MigrateStatus"),
        ("migrate verify", "MigrateVerify"), ("migrate down --to 0 --dry-run", "MigrateDown"),
        ("migrate down --to 1 --yes", "MigrateDown"), ("key new", "KeyNew"), ("key list --json", "KeyList"),
        ("user add anna --email a@b.org", "UserAdd"), ("user add anna --email a@b.org --role admin", "UserAdd"),
        ("user list --json", "UserList"), ("user deactivate anna", "UserDeactivate"),
        ("connection add home --url http://h --token-file f", "ConnectionAdd"),
        ("connection add home --url http://h --token-file - --user anna --no-test", "ConnectionAdd"),
        ("connection list --json", "ConnectionList"), ("connection show home --json", "ConnectionShow"),
        ("connection test home --json", "ConnectionTest"), ("connection pause home", "ConnectionPause"),
        ("connection resume home --user anna", "ConnectionResume"),
        ("connection set-token home --token-file - --no-test", "ConnectionSetToken"),
        ("connection set-url home --url http://h/x", "ConnectionSetURL"),
        ("connection set-url home --url http://h --token-file -", "ConnectionSetURL"),
        ("connection remove home --yes", "ConnectionRemove"),
        (
            "events --follow --connection home --entity light.* --type state_changed --since 2h --limit 5",
            "EventsCommand"
        ),
        ("events -f --json", "EventsCommand"), ("events --since 2026-11-01 --until 2026-11-02", "EventsCommand"),
        ("metrics home --since 1d --json", "MetricsCommand"), ("partition list --json", "PartitionList"),
        ("status --json", "StatusCommand"), ("maintenance list --json", "MaintenanceList"),
        ("maintenance run partitions", "MaintenanceRun"), ("retention run --dry-run --json", "RetentionRun"),
        ("retention rule list --json", "RetentionRuleList"),
        ("retention rule add --domain lock --for-ever", "RetentionRuleAdd"),
        ("retention rule add --type call_service --keep-days 7 --connection home", "RetentionRuleAdd"),
        ("retention rule remove 1a2b --yes", "RetentionRuleRemove"),
    ]

    @Test(arguments: good) func understandsCommandLine(_ line: String, _ command: String) throws {
        let parsed = try HABridge.parseAsRoot(line.split(separator: " ").map(String.init))
        #expect("\(type(of: parsed))" == command)
    }

    @Test(arguments: [
        "user add anna", "user add anna --email a@b.org --role king", "connection add home --url http://h",
        "connection add home --token-file f", "connection show", "connection set-url home", "migrate down",
        "migrate down --to one", "events --limit x", "events --limit -1", "events --limit 100001", "events --since 12",
        "events --follow --until 2026-11-01", "metrics", "connection frobnicate",
        "retention rule add --domain lock", "retention rule add --for-ever --keep-days 3", "maintenance run",
        "frobnicate", "status --jsn",
        // A token given as an argument has no place to go.
        "connection add home --url http://h --token abc",
    ]) func refusesCommandLineAsUsage(_ line: String) {
        let error = #expect(throws: (any Error).self) {
            _ = try HABridge.parseAsRoot(line.split(separator: " ").map(String.init))
        }
        #expect(error.map { HABridge.exitCode(for: $0).rawValue } == BridgeCommand.ExitStatus.usage.rawValue)
    }

    @Test func printsHelpWhenCalledAlone() throws {
        var command = try HABridge.parseAsRoot([])
        let error = #expect(throws: (any Error).self) { try command.run() }
        #expect(error.map { HABridge.exitCode(for: $0).rawValue } == 0)
        #expect(error.map { HABridge.fullMessage(for: $0).contains("connection") } == true)
    }

    @Test func tellsTheVersionOfTheProgram() { #expect(HABridge.configuration.version == BridgeVersion.string) }
}
