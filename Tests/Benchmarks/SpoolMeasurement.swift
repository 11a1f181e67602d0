import EventSpool
import Foundation
import Logging

/// Appending to the spool against plain `write(2)` of the same bytes, in turns, in this process.
struct SpoolMeasurement {
    private static let total = 256 << 20
    private static let payload = 1_000

    func run(rounds: Int) throws -> [BenchResult] {
        var ratios: [Double] = []
        for round in 0...rounds {
            let plain = try plainWrites()
            let spooled = try appends()
            // The first round warms up.
            if round > 0 { ratios.append(plain / spooled) }
        }
        return [
            BenchResult(
                name: "spool_ratio", title: "spool append, as a ratio to write(2) of the same bytes",
                value: ratios.median, bar: .atLeast(0.8))
        ]
    }
}

extension SpoolMeasurement {
    private static let perBatch = 256
    private static let batches = total / (perBatch * payload)

    /// The same number of bytes, one `write` a batch, a new file every 8 MiB, and each file removed when the next is begun.
    private func plainWrites() throws -> Double {
        let place = try Self.makeDirectory()
        defer { try? FileManager.default.removeItem(at: place) }
        // A record of the spool has a header of 44 bytes.
        let batch = [UInt8](repeating: 7, count: Self.perBatch * (Self.payload + 44))
        var descriptor = open(place.appending(path: "0").path, O_WRONLY | O_CREAT, 0o600)
        var (inFile, file) = (0, 0)
        let start = Self.processorSeconds
        for _ in 0..<Self.batches {
            if inFile + batch.count > 8 << 20 {
                close(descriptor)
                if file > 0 { unlink(place.appending(path: "\(file - 1)").path) }
                file += 1
                descriptor = open(place.appending(path: "\(file)").path, O_WRONLY | O_CREAT, 0o600)
                inFile = 0
            }
            let written = write(descriptor, batch, batch.count)
            guard written == batch.count else { throw CocoaError(.fileWriteOutOfSpace) }
            inFile += written
        }
        let time = Self.processorSeconds - start
        close(descriptor)
        return time
    }

    private func appends() throws -> Double {
        let place = try Self.makeDirectory()
        defer { try? FileManager.default.removeItem(at: place) }
        let spool = try EventSpool.open(
            SpoolConfiguration(
                directory: place.appending(path: "spool").path, maxBytes: 2 << 30, segmentBytes: 8 << 20),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let head = [UInt8](repeating: 7, count: 64)
        let body = (0..<Self.payload - 64).map { UInt8(truncatingIfNeeded: $0 &* 131) }
        var sequence: UInt64 = 0
        var time = 0.0
        for _ in 0..<Self.batches {
            let entries = (1...UInt64(Self.perBatch)).map {
                SpoolEntry(sequence: sequence + $0, kind: 1, head: head, body: body)
            }
            sequence += UInt64(Self.perBatch)
            let start = Self.processorSeconds
            try spool.append(entries)
            spool.release(through: SpoolPosition(run: spool.run, sequence: sequence))
            time += Self.processorSeconds - start
        }
        return time
    }

    /// Of this thread, in the kernel as well: other work on the machine does not count.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func makeDirectory() throws -> URL {
        let place = FileManager.default.temporaryDirectory.appending(path: "bridge-bench-\(UUID())")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        return place
    }
}
