import ArgumentParser

/// `automation`: the automations of each Home Assistant, as the bridge observes them.
struct AutomationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "automation", abstract: "The automations of your Home Assistants: how they fare and what changed.",
        subcommands: [
            AutomationListCommand.self, AutomationShowCommand.self, AutomationRunsCommand.self,
            AutomationScoreCommand.self, AutomationHistoryCommand.self, AutomationBackupsCommand.self,
            AutomationDiffCommand.self, AutomationBackupCommand.self, AutomationProposeCommand.self,
            AutomationPauseCommand.self, AutomationResumeCommand.self, AutomationRetireCommand.self,
            AutomationRollbackCommand.self,
        ])
}
