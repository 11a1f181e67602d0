import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `doctor`: what is wrong or soon will be, and what to do.
struct DoctorCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what is wrong or soon will be, and say what to do about it.",
        discussion: """
            Looks at this machine, the database, the running bridge and each Home Assistant, and changes nothing. Exits with 0 \
            when nothing is wrong, and with 1 else; what is only to be minded counts with --strict.
            """)

    @Flag(help: "Leave the Home Assistants alone.")
    var noHouses = false

    @Flag(help: "Exit with 1 for what is only to be minded, too.")
    var strict = false

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        context.console.progress("Looking …")
        var findings = await MachineExamination(settings).findings()
        let database = DatabaseExamination(settings, context)
        findings += await database.findings()
        if !noHouses, await database.isUsable() {
            findings += await HouseExamination(settings, context).findings()
        }
        context.console.endProgress()
        try show(findings, in: context)
        let grades = Set(findings.map(\.grade))
        guard grades.isDisjoint(with: strict ? [.mind, .wrong] : [.wrong]) else {
            let count = findings.count { $0.grade == .wrong || (strict && $0.grade == .mind) }
            throw CommandFailure(
                .unsound, count == 1 ? "One thing is to be mended." : "\(count) things are to be mended.")
        }
    }

    private func show(_ findings: [Finding], in context: CommandContext) throws {
        if output.json { return try context.console.show(.array(findings.map(\.jsonValue))) }
        let width = findings.map(\.subject.count).max() ?? 0
        for finding in findings {
            let grade = finding.grade.rawValue.padding(to: 5)
            let subject = PrintableText.of(finding.subject).padding(to: width)
            try context.console.print("\(grade)  \(subject)  \(PrintableText.of(finding.what))")
            guard let advice = finding.advice else { continue }
            try context.console.print(String(repeating: " ", count: width + 9) + PrintableText.of(advice))
        }
    }
}

extension String {
    /// With blanks behind it, up to so many characters.
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
