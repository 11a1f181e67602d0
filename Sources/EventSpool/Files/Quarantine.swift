import Glibc

/// Copies of bytes from which no record could be read: they are not thrown away, because a person may still read them.
enum Quarantine {
    /// What became of the bytes.
    enum Outcome {
        /// They lie in the file of that name, relative to the spool's directory; `isNew` unless they did so before.
        case kept(name: String, isNew: Bool)
        /// They could not be copied; the errno.
        case failed(Int32)
    }

    /// Copies `range` of `file`, the segment of that number. The same bytes found again, after a restart, give the same name.
    static func keep(
        _ range: Range<Int>, of file: SegmentFile, segment: UInt64, in directory: SpoolDirectory
    ) -> Outcome {
        _ = mkdirat(directory.descriptor, SpoolDirectory.quarantineName, 0o700)
        for attempt in 0..<100 {
            let name =
                "\(SpoolDirectory.quarantineName)/"
                + SegmentName.quarantine(segment, offset: range.lowerBound, attempt: attempt)
            let descriptor = directory.create(name)
            if descriptor >= 0 {
                let target = SegmentFile(adopting: descriptor, calls: .live)
                guard let failure = copy(range, of: file, to: target) else { return .kept(name: name, isNew: true) }
                _ = directory.remove(name)
                return .failed(failure)
            }
            guard errno == EEXIST else { return .failed(errno) }
            let existing = directory.openToRead(name)
            guard existing >= 0 else { continue }
            if holds(SegmentFile(adopting: existing, calls: .live), range, of: file) {
                return .kept(name: name, isNew: false)
            }
        }
        return .failed(EEXIST)
    }

    private static func copy(_ range: Range<Int>, of file: SegmentFile, to target: SegmentFile) -> Int32? {
        var failure: Int32?
        forEachBlock(range, of: file) { bytes, offset in
            failure = target.write(bytes, at: offset - range.lowerBound)
            return failure == nil
        }
        return failure
    }

    private static func holds(_ existing: SegmentFile, _ range: Range<Int>, of file: SegmentFile) -> Bool {
        guard existing.size == range.count else { return false }
        var isSame = true
        let other = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
        defer { other.deallocate() }
        forEachBlock(range, of: file) { bytes, offset in
            let part = UnsafeMutableRawBufferPointer(rebasing: other[..<bytes.count])
            isSame =
                existing.read(into: part, at: offset - range.lowerBound) == bytes.count
                && UnsafeRawBufferPointer(part).elementsEqual(bytes)
            return isSame
        }
        return isSame
    }

    static let blockBytes = 1 << 18

    /// Reads `range` of `file` block by block until its end or until `body` returns `false`.
    static func forEachBlock(
        _ range: Range<Int>, of file: SegmentFile, _ body: (UnsafeRawBufferPointer, _ offset: Int) -> Bool
    ) {
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(min(blockBytes, range.count), 1), alignment: 16)
        defer { block.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(block.count, range.upperBound - offset)
            let count = file.read(into: UnsafeMutableRawBufferPointer(rebasing: block[..<wanted]), at: offset)
            guard count > 0, body(UnsafeRawBufferPointer(rebasing: block[..<count]), offset) else { return }
            offset += count
        }
    }
}
