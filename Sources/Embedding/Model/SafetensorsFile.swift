import BridgeCore

/// A safetensors file: a JSON header with the names and places of tensors, and their numbers behind it.
///
/// Nothing in the file is believed: a header that is too long, nested, or points outside gives an error that names the fault.
struct SafetensorsFile {
    /// Where a tensor's numbers lie.
    struct Tensor: Equatable {
        var type: String
        var shape: [Int]
        /// Within the file.
        var range: Range<Int>
    }

    private let file: MappedFile
    let tensors: [String: Tensor]

    /// A model of this kind needs some ten kilobytes.
    private static let maximumHeader = 1 << 20
    private static let lengthBytes = 8

    /// Maps the file and reads its header. Throws `.damaged` when the header is none.
    init(path: String) throws(ModelError) {
        file = try MappedFile(path: path)
        let bytes = file.bytes
        guard bytes.count > Self.lengthBytes else { throw Self.damaged(path, "it is too short") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.maximumHeader), Int(length) <= bytes.count - Self.lengthBytes else {
            throw Self.damaged(path, "its header claims \(length) bytes")
        }
        let start = Self.lengthBytes + Int(length)
        let header = Self.lengthBytes..<start
        let result = bytes.withMemoryRebound(to: UInt8.self) { bytes -> Result<[String: Tensor], JSONScanError> in
            do throws(JSONScanError) {
                return .success(try Self.read(bytes, header, dataStart: start))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let tensors): self.tensors = tensors
        case .failure(let error): throw Self.damaged(path, "its header cannot be read: \(error)")
        }
    }

    /// Lends the numbers of a tensor of 32-bit floats. Throws `.wrongSource` unless it is there with just this shape.
    ///
    /// The pointer may be unaligned and lives as long as this value.
    func floats(_ name: String, shape: [Int]) throws(ModelError) -> UnsafeRawBufferPointer {
        guard let tensor = tensors[name] else {
            throw ModelError(.wrongSource, "\(file.path) holds no tensor \(name): it is not all-MiniLM-L6-v2.")
        }
        let count = tensor.shape.reduce(into: Optional(4)) { count, size in
            count = count.flatMap { count in
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                return overflow ? nil : product
            }
        }
        guard tensor.type == "F32", tensor.shape == shape, tensor.range.count == count else {
            throw ModelError(
                .wrongSource,
                "The tensor \(name) of \(file.path) has type \(tensor.type) and shape \(tensor.shape) instead of F32 and"
                    + " \(shape): it is not all-MiniLM-L6-v2.")
        }
        guard tensor.range.upperBound <= file.bytes.count else {
            throw Self.damaged(file.path, "it ends before its tensor \(name)")
        }
        return UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
    }

    private static func damaged(_ path: String, _ why: String) -> ModelError {
        ModelError(.damaged, "\(path) is no safetensors file, or a part of one: \(why). Fetch it again.")
    }

    private static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, dataStart: Int
    ) throws(JSONScanError) -> [String: Tensor] {
        var scanner = JSONScanner(bytes, range: range)
        var tensors: [String: Tensor] = [:]
        if try scanner.enterObject() {
            repeat {
                let name = JSONText.string(try scanner.key(), of: bytes)
                guard name != "__metadata__", scanner.peek() == UInt8(ascii: "{") else {
                    _ = try scanner.skipValue()
                    continue
                }
                tensors[name] = try tensor(&scanner, bytes, dataStart)
            } while try scanner.nextMember()
        }
        return tensors
    }

    private static let unsound = [-1]

    /// What one tensor's object says; what is missing stays as no tensor that is asked for has it.
    private static func tensor(
        _ scanner: inout JSONScanner, _ bytes: UnsafeBufferPointer<UInt8>, _ dataStart: Int
    ) throws(JSONScanError) -> Tensor {
        var tensor = Tensor(type: "", shape: unsound, range: 0..<0)
        guard try scanner.enterObject() else { return tensor }
        repeat {
            let key = try scanner.key()
            if scanner.equals(key, "dtype") {
                tensor.type = try scanner.stringOrSkip().map { JSONText.string($0, of: bytes) } ?? ""
            } else if scanner.equals(key, "shape") {
                tensor.shape = try numbers(&scanner, bytes)
            } else if scanner.equals(key, "data_offsets") {
                let offsets = try numbers(&scanner, bytes)
                if offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= bytes.count {
                    tensor.range = dataStart + offsets[0]..<dataStart + offsets[1]
                }
            } else {
                _ = try scanner.skipValue()
            }
        } while try scanner.nextMember()
        return tensor
    }

    /// An array of whole numbers that are not negative; anything else becomes one that fits no tensor.
    private static func numbers(
        _ scanner: inout JSONScanner, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(JSONScanError) -> [Int] {
        guard scanner.peek() == UInt8(ascii: "[") else {
            _ = try scanner.skipValue()
            return unsound
        }
        var numbers: [Int] = []
        var isSound = true
        if try scanner.enterArray() {
            repeat {
                let text = String(decoding: bytes[try scanner.skipValue()], as: UTF8.self)
                if let number = Int(text), number >= 0 { numbers.append(number) } else { isSound = false }
            } while try scanner.nextElement()
        }
        return isSound ? numbers : unsound
    }
}
