import Glibc

/// Walks through the records of one segment and past what is damaged in it: the rules of repair in FORMAT.md.
///
/// It never fails and always goes forward, whatever the bytes are.
struct SegmentCursor {
    /// What lay at the cursor; it is behind it now, except after `.tooLarge` and `.end`.
    enum Step {
        case record(RecordHeader, payload: [UInt8])
        /// A record that is not after the position that was given.
        case repeated(RecordHeader)
        /// Bytes that are no record. `lost` is the record they were, when its header is sound.
        case damaged(Range<Int>, lost: SpoolPosition?)
        /// The unfinished end; `isBlank` when there is nothing but zeros, or nothing of a record.
        case torn(Range<Int>, isBlank: Bool)
        /// The file ends before it should.
        case missing(Range<Int>)
        /// The next record is larger than the caller wants now.
        case tooLarge(RecordHeader)
        case end
    }

    let name: SegmentName
    let file: SegmentFile

    /// The header as it was read, or `nil` when it is not legible.
    let header: SegmentHeader?

    /// Where the next step begins.
    private(set) var offset: Int

    private let window: ByteWindow

    /// Begins at the first record. `end` is as in `next`.
    init(_ name: SegmentName, file: SegmentFile, end: Int) {
        self.name = name
        self.file = file
        window = ByteWindow(file)
        header = SegmentHeader(window.view(at: 0, count: SegmentHeader.size, limit: end))
        offset = SegmentHeader.size
        if header == nil, recordHeader(at: SegmentHeader.size, end: end) == nil {
            // Neither the header nor the first record is where it should be: search from the first byte on.
            offset = 0
        }
    }

    /// Takes the next step of those before `end`.
    ///
    /// - Parameters:
    ///   - position: Records of its run up to its number are passed over unread.
    ///   - budget: Payloads of more bytes are left for later.
    mutating func next(end: Int, after position: SpoolPosition? = nil, budget: Int = .max) -> Step {
        guard offset < end else { return .end }
        let start = offset
        let wanted = min(RecordHeader.size, end - start)
        guard window.view(at: start, count: wanted, limit: end).count >= wanted else { return missing(end) }
        guard let header = recordHeader(at: start, end: end) else { return resynchronise(end) }
        let stop = start + header.recordBytes
        guard stop <= end else {
            // Cut off, unless bytes are gone from its middle: then others follow.
            offset = nextHeader(from: start + 1, end: end)
            return offset == end
                ? .torn(start..<end, isBlank: false) : .damaged(start..<offset, lost: header.position)
        }
        if let position, position.run == header.run, header.sequence <= position.sequence {
            offset = stop
            return .repeated(header)
        }
        guard header.payloadBytes <= budget else { return .tooLarge(header) }
        switch payload(of: header, at: start, end: end) {
        case .sound(let payload):
            offset = stop
            return .record(header, payload: payload)
        case .altered:
            // The header's own checksum fits, so the next record is where it says, unless bytes are gone or too many.
            let isExact = stop == end || recordHeader(at: stop, end: end) != nil
            offset = isExact ? stop : nextHeader(from: start + 1, end: end)
            return .damaged(start..<offset, lost: header.position)
        case .short: return missing(end)
        }
    }

    private mutating func missing(_ end: Int) -> Step {
        defer { offset = end }
        return .missing(offset..<end)
    }

    private mutating func resynchronise(_ end: Int) -> Step {
        let start = offset
        offset = nextHeader(from: start + 1, end: end)
        let range = start..<offset
        guard offset == end else { return .damaged(range, lost: nil) }
        if start == 0, end < SegmentHeader.size { return .torn(range, isBlank: true) }
        let isBlank = isZero(range)
        return isBlank || range.count < RecordHeader.size
            ? .torn(range, isBlank: isBlank) : .damaged(range, lost: nil)
    }

    private func recordHeader(at offset: Int, end: Int) -> RecordHeader? {
        guard offset + RecordHeader.size <= end else { return nil }
        return accepted(window.view(at: offset, count: RecordHeader.size, limit: end))
    }

    /// Only records of the segment's own run count: a payload may hold the bytes of a record, but its sender cannot know the
    /// run.
    private func accepted(_ bytes: UnsafeRawBufferPointer) -> RecordHeader? {
        guard let header = RecordHeader(bytes), header.run == name.run else { return nil }
        return header
    }

    /// Where the next sound header begins, or `end`.
    private func nextHeader(from start: Int, end: Int) -> Int {
        var start = start
        while start + RecordHeader.size <= end {
            let view = window.view(at: start, count: RecordHeader.size, limit: end)
            let candidates = view.count - RecordHeader.size + 1
            guard candidates > 0, let base = view.baseAddress else { break }
            guard let found = memchr(base, Int32(RecordHeader.firstByte), candidates) else {
                start += candidates
                continue
            }
            let distance = UnsafeRawPointer(found) - base
            if accepted(UnsafeRawBufferPointer(rebasing: view[distance...])) != nil { return start + distance }
            start += distance + 1
        }
        return end
    }

    private enum Payload {
        case sound([UInt8])
        case altered
        case short
    }

    private func payload(of header: RecordHeader, at start: Int, end: Int) -> Payload {
        guard header.recordBytes > ByteWindow.capacity else {
            let view = window.view(at: start, count: header.recordBytes, limit: end)
            guard view.count >= header.recordBytes else { return .short }
            let payload = UnsafeRawBufferPointer(rebasing: view[RecordHeader.size..<header.recordBytes])
            return header.matches(payload) ? .sound([UInt8](payload)) : .altered
        }
        // A large one goes straight to where it stays: no second copy of it is ever in memory.
        let payload = [UInt8](unsafeUninitializedCapacity: header.payloadBytes) { buffer, count in
            count = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: start + RecordHeader.size)
        }
        guard payload.count == header.payloadBytes else { return .short }
        return payload.withUnsafeBytes { header.matches($0) } ? .sound(payload) : .altered
    }

    private func isZero(_ range: Range<Int>) -> Bool {
        var isZero = true
        Quarantine.forEachBlock(range, of: file) { bytes, _ in
            isZero = bytes.allSatisfy { $0 == 0 }
            return isZero
        }
        return isZero
    }
}
