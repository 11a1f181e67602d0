/// What `COPY … TO STDOUT` gives in its text form, in lines of fields; fields stay escaped as they are.
struct AuditLines: RandomAccessCollection {
    private let bytes: [UInt8]
    /// Where each line begins, and the end.
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        bytes.withUnsafeBufferPointer { buffer in
            for index in buffer.indices where buffer[index] == 0x0A { starts.append(index + 1) }
        }
        if bytes.last.map({ $0 != 0x0A }) ?? false { starts.append(bytes.count + 1) }
        self.starts = starts
    }

    var startIndex: Int { 0 }
    var endIndex: Int { starts.count - 1 }

    /// The fields of a line.
    subscript(position: Int) -> [ArraySlice<UInt8>] {
        bytes[starts[position]..<starts[position + 1] - 1].split(separator: 0x09, omittingEmptySubsequences: false)
    }

    /// A field that needs no escapes, as text; `nil` for NULL.
    static func text(_ field: ArraySlice<UInt8>) -> String? {
        isNull(field) ? nil : String(decoding: field, as: UTF8.self)
    }

    static func isNull(_ field: ArraySlice<UInt8>) -> Bool { field.elementsEqual([0x5C, 0x4E]) }
}
