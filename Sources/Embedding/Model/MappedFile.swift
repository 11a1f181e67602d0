import Cryptography
import Glibc

/// A file as memory: pages come from the disk when they are looked at, and the kernel may drop them again at any time.
///
/// The file must not be changed in place while it is mapped: what this program writes is renamed into place instead.
final class MappedFile: @unchecked Sendable {
    // @unchecked: the memory is read only and unmapped when nobody refers to this any more.
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `path`, which has at least one byte.
    init(path: String) throws(ModelError) {
        self.path = path
        // Without O_NONBLOCK a named pipe would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ModelError(errno: errno, "The file \(path) cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ModelError(errno: errno, "The file \(path) cannot be looked at")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ModelError(errno: EINVAL, "\(path) is not a file") }
        guard status.st_size > 0 else { throw ModelError(.damaged, "The file \(path) is empty. Fetch it again.") }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw ModelError(errno: errno, "The file \(path) cannot be mapped")
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// Lets the kernel take back the pages of `range`; they come from the disk again when they are looked at.
    func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = range.lowerBound / page * page
        guard let base = bytes.baseAddress, start < range.upperBound else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, MADV_DONTNEED)
    }

    /// The SHA-256 of the bytes from `start` on.
    ///
    /// Goes through the file in steps and lets go of the pages behind it, so that the process does not grow by the file.
    func digest(from start: Int = 0) throws(ModelError) -> SHA256Hash {
        let step = 1 << 20
        do {
            var digest = try SHA256Digest()
            var offset = start
            while offset < bytes.count {
                let end = min(bytes.count, (offset / step + 1) * step)
                try digest.update(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                release(offset..<end)
                offset = end
            }
            return try digest.finish()
        } catch {
            throw ModelError(.io, "The SHA-256 of \(path) cannot be computed. \(error)")
        }
    }
}
