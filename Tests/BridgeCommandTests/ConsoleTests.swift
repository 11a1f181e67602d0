import BridgeCore
import Cryptography
import PostgresClient
import Store
import Testing

@testable import BridgeCommand

@Suite struct ConsoleTests {
    @Test func keepsDataAndMessagesApart() throws {
        let capture = CapturingConsole()
        try capture.console.print("data")
        capture.console.note("message\u{1B}[2J")
        capture.console.progress("hidden where nobody watches")
        capture.console.endProgress()
        #expect(capture.data == "data\n")
        #expect(capture.messages == "message␛[2J\n")
    }

    @Test func showsProgressOnATerminalOnly() {
        let capture = CapturingConsole(terminal: .init(showsProgress: true))
        let console = capture.console
        console.note("before")
        console.progress("1 of 2")
        console.note("after")
        console.endProgress()
        #expect(capture.messages == "before\n\r\u{1B}[2K1 of 2\r\u{1B}[2Kafter\n")
    }

    @Test func printsEmptyArrayForProgramsAndASentenceForPeople() throws {
        let table = TextTable([.init("A")])
        let forPrograms = CapturingConsole()
        try forPrograms.console.show([], table: table, empty: "Nothing.", as: try OutputOptions.parse(["--json"]))
        #expect(forPrograms.data == "[]\n")
        let forPeople = CapturingConsole()
        try forPeople.console.show([], table: table, empty: "Nothing.", as: try OutputOptions.parse([]))
        #expect(forPeople.data.isEmpty)
        #expect(forPeople.messages == "Nothing.\n")
    }

    @Test(arguments: ["y", "Y", "yes", " YES "]) func goesOnWhenAPersonAgrees(_ answer: String) throws {
        let capture = CapturingConsole(terminal: .init(isInteractive: true))
        try Confirmation(console: capture.console, readAnswer: { answer }).require("Sure?", isGiven: false)
        #expect(capture.messages == "Sure? [y/N] ")
    }

    @Test(arguments: ["", "n", "no", "yesno", nil]) func stopsWhenAPersonDoesNotAgree(_ answer: String?) {
        let console = CapturingConsole(terminal: .init(isInteractive: true)).console
        let failure = #expect(throws: CommandFailure.self) {
            try Confirmation(console: console, readAnswer: { answer }).require("Sure?", isGiven: false)
        }
        #expect(failure?.message == "Nothing was changed.")
    }

    @Test func doesNotAskScriptsNorThoseWhoSaidYes() throws {
        let unreadable: () -> String? = {
            Issue.record("It asked.")
            return nil
        }
        let script = CapturingConsole().console
        try Confirmation(console: script, readAnswer: unreadable).require("Sure?", isGiven: false)
        let person = CapturingConsole(terminal: .init(isInteractive: true)).console
        try Confirmation(console: person, readAnswer: unreadable).require("Sure?", isGiven: true)
    }
}

/// Which error ends a command how.
@Suite struct CommandFailureTests {
    private static let databaseErrors: [(PostgresError, BridgeCommand.ExitStatus)] = [
        (PostgresError(.connectionFailed, "Refused"), .unavailable),
        (PostgresError(.connectionLost, "Lost"), .unavailable),
        (PostgresError(.deadlineExceeded, "Late"), .unavailable),
        (PostgresError(.configuration, "Unreadable"), .configuration),
        (PostgresError(.connectionFailed, "No such database", sqlState: "3D000"), .configuration),
        (PostgresError(.connectionFailed, "Wrong password", sqlState: "28P01"), .permission),
        (PostgresError(.connectionFailed, "Starting up", sqlState: "57P03"), .tryAgain),
        (PostgresError(.connectionFailed, "Too many", sqlState: "53300"), .tryAgain),
        (PostgresError(.connectionFailed, "Takes nobody", sqlState: "55000"), .unavailable),
        (PostgresError(.server, "No table", sqlState: "42P01"), .configuration),
        (PostgresError(.server, "Denied", sqlState: "42501"), .permission),
        (PostgresError(.server, "Deadlock", sqlState: "40P01"), .tryAgain),
        (PostgresError(.server, "Syntax", sqlState: "42601"), .software),
        (PostgresError(.decoding, "Not a number"), .software),
    ]

    @Test(arguments: databaseErrors.indices) func tellsScriptsWhatToDoAboutTheDatabase(_ index: Int) {
        let (error, status) = Self.databaseErrors[index]
        #expect(CommandFailure(error).status == status)
    }

    @Test func sendsThoseWithoutASchemaToMigrate() {
        let failure = CommandFailure(PostgresError(.server, "relation does not exist", sqlState: "42P01"))
        #expect(failure.message.contains("ha-bridge migrate up"))
    }

    @Test func takesOtherErrorsForWhatTheyMean() {
        #expect(CommandFailure(StoreError(.duplicateName, "Taken.")) == CommandFailure(.usage, "Taken."))
        #expect(CommandFailure(ConfigurationError(problems: ["Wrong."])) == CommandFailure(.configuration, "Wrong."))
        #expect(CommandFailure(CancellationError()).status == .tryAgain)
        let url = #expect(throws: HomeAssistantURLError.self) { try HomeAssistantURL("ftp://x") }
        #expect(url.map { CommandFailure($0).status } == .usage)
        let keyring = #expect(throws: CryptographyError.self) { try Keyring.load(path: "/nonexistent/keyring") }
        #expect(keyring.map { CommandFailure($0).status } == .configuration)
    }
}
