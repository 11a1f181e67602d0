/// What is appended to the spool: one record in two parts, so that a caller need not join them.
package struct SpoolEntry: Sendable {
    /// Numbers the record in its run; greater than that of every record appended before. Numbers may be left out.
    package var sequence: UInt64

    /// What the bytes are; the spool does not look at it.
    package var kind: UInt8

    /// The first part of the payload; may be empty.
    package var head: [UInt8]

    /// The second part of the payload; may be empty.
    package var body: [UInt8]

    /// A record whose payload is `head` and `body` without anything between them.
    package init(sequence: UInt64, kind: UInt8, head: [UInt8] = [], body: [UInt8]) {
        self.sequence = sequence
        self.kind = kind
        self.head = head
        self.body = body
    }

    /// Bytes of the payload.
    var payloadBytes: Int { head.count + body.count }

    /// Bytes in the file.
    var recordBytes: Int { RecordHeader.size + payloadBytes }
}
