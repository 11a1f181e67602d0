/// Where the spool lies and how large it may get.
package struct SpoolConfiguration: Sendable {
    /// The directory; made with its parents when it is not there.
    package var directory: String

    /// The size in bytes at which the spool is full. The spool itself refuses nothing: see `EventSpool.isFull`.
    package var maxBytes: Int

    /// The size in bytes that a segment does not exceed, unless a single record does.
    package var segmentBytes: Int

    /// The calls to the file system that tests let fail.
    var calls = FileCalls.live

    /// 2 GiB in segments of 8 MiB, unless told otherwise.
    package init(directory: String, maxBytes: Int = 2 << 30, segmentBytes: Int = 8 << 20) {
        self.directory = directory
        self.maxBytes = max(maxBytes, 1)
        self.segmentBytes = max(segmentBytes, SegmentHeader.size + RecordHeader.size)
    }
}
