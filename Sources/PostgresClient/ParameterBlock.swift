import CLibPQ

/// The parameters of one statement as the C strings that libpq wants, in one block of memory.
struct ParameterBlock {
    private var bytes: [CChar] = []
    /// Where each parameter starts in `bytes`; `nil` for NULL.
    private var offsets: [Int?] = []

    /// Throws 22021 for a text with a NUL character: as a C string it would be cut off there without a word.
    init(_ parameters: [PostgresValue]) throws(PostgresError) {
        offsets.reserveCapacity(parameters.count)
        for (index, parameter) in parameters.enumerated() {
            guard var text = parameter.encoded else {
                offsets.append(nil)
                continue
            }
            let start = bytes.count
            text.withUTF8 { utf8 in utf8.withMemoryRebound(to: CChar.self) { bytes.append(contentsOf: $0) } }
            guard !bytes[start...].contains(0) else {
                throw PostgresError(
                    .server, "Parameter $\(index + 1) holds a NUL character, which PostgreSQL cannot store",
                    sqlState: "22021")
            }
            bytes.append(0)
            offsets.append(start)
        }
    }

    /// Queues the statement; false when libpq refuses it.
    func send(_ sql: String, on connection: OpaquePointer) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            let values = offsets.map { offset in offset.flatMap { start in bytes.baseAddress.map { $0 + start } } }
            return PQsendQueryParams(connection, sql, Int32(values.count), nil, values, nil, nil, 0) == 1
        }
    }
}
