import CFileAllocation
import Glibc

/// Owns the descriptor of a segment and closes it in the end.
///
/// Every call names its offset, so that an appending and a reading thread share one descriptor.
final class SegmentFile: Sendable {
    let descriptor: Int32
    private let calls: FileCalls

    init(adopting descriptor: Int32, calls: FileCalls) {
        self.descriptor = descriptor
        self.calls = calls
    }

    deinit { close(descriptor) }

    /// Writes all of `first`, then all of `second`, from `offset` on. Returns the errno of what failed; then any part of the
    /// bytes may be in the file.
    func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = .empty, at offset: Int
    ) -> Int32? {
        let total = first.count + second.count
        var written = 0
        while written < total {
            let headLeft = max(0, first.count - written)
            let bodySkipped = max(0, written - first.count)
            // The kernel only reads through these pointers; the prototype of iovec cannot say so.
            let parts = (
                iovec(
                    iov_base: UnsafeMutableRawPointer(
                        mutating: first.baseAddress?.advanced(by: first.count - headLeft)),
                    iov_len: headLeft),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress?.advanced(by: bodySkipped)),
                    iov_len: second.count - bodySkipped)
            )
            let count = withUnsafeBytes(of: parts) { parts -> Int in
                guard let parts = parts.bindMemory(to: iovec.self).baseAddress else { return 0 }
                return calls.write(descriptor, parts, 2, off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            written += count
        }
        return nil
    }

    /// Reads into `target` from `offset` on until it is full or the file ends. Returns the number of bytes; pages that the
    /// disk does not give are zero, so that the checksums find them.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress?.advanced(by: done), target.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            if count == 0 { break }
            if count > 0 {
                done += count
                continue
            }
            let skipped = skipUnreadable(target, done, at: offset + done)
            guard skipped > 0 else { break }
            done += skipped
        }
        return done
    }

    /// Makes the rest of the page at `offset` zero in `target`, or one page of it that can be read readable again: a read that
    /// failed may have failed for its last page alone. Returns the number of bytes settled.
    private func skipUnreadable(_ target: UnsafeMutableRawBufferPointer, _ start: Int, at offset: Int) -> Int {
        let page = 4_096
        let count = min(page - offset % page, target.count - start, max(0, (size ?? 0) - offset))
        guard count > 0, let base = target.baseAddress?.advanced(by: start) else { return 0 }
        let got = pread(descriptor, base, count, off_t(offset))
        if got > 0 { return got }
        memset(base, 0, count)
        return count
    }

    /// Asks the disk for room for `count` bytes at once; the file stays as long as it is. A page that is written finds its room then,
    /// which takes a seventh of the time that writing costs. A hint: without it, writing tells what is wrong with the disk.
    func reserve(_ count: Int) { _ = cfileallocation_reserve(descriptor, off_t(count)) }

    /// Makes the file end at `count`, with no room behind it. Returns the errno of what failed.
    func truncate(to count: Int) -> Int32? { calls.truncate(descriptor, off_t(count)) == 0 ? nil : errno }

    /// Waits until the disk has the data. Returns the errno of what failed; the call must then never be repeated on this file,
    /// because the kernel has marked the lost pages as clean.
    func sync() -> Int32? { calls.sync(descriptor) == 0 ? nil : errno }

    /// Bytes in the file now.
    var size: Int? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Which file it is.
    var identity: FileIdentity? { FileIdentity(descriptor: descriptor) }
}

extension UnsafeRawBufferPointer {
    /// No bytes.
    static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
