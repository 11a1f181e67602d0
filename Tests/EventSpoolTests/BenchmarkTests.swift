import Glibc
import Testing

@testable import EventSpool

/// Figures, no verdict: `SPOOL_BENCHMARK=1 swift test -c release --filter BenchmarkTests`.
@Suite(.serialized, .enabled(if: getenv("SPOOL_BENCHMARK") != nil, "A benchmark: set SPOOL_BENCHMARK to run it."))
struct BenchmarkTests {
    /// Bytes in all, in batches as they come from a burst.
    private static let total = 256 << 20

    @Test(arguments: [200, 1_000, 4_000, 100_000])
    func appendsNearlyAsFastAsPlainWrites(payload: Int) throws {
        let perBatch = max(1, 256_000 / payload)
        let batches = Self.total / (perBatch * payload)
        let body = (0..<payload - 64).map { UInt8(truncatingIfNeeded: $0 &* 131) }
        let head = [UInt8](repeating: 7, count: 64)
        let record = [UInt8](repeating: 7, count: payload + 44)
        print("payload \(payload): write(2) for each record \(rate(try plainWrites(batches * perBatch, record))) MB/s")
        var ratios: [Double] = []
        for round in 0..<5 {
            let plain = try plainWrites(batches, [UInt8](repeating: 7, count: perBatch * (payload + 44)))
            let spooled = try appends(batches, perBatch, head, body)
            // The first round warms up.
            if round > 0 { ratios.append(plain / spooled) }
            print(
                "payload \(payload): write(2) \(rate(plain)) MB/s, append \(rate(spooled)) MB/s,",
                "ratio \((plain / spooled * 100).rounded() / 100)")
        }
        print("payload \(payload): median ratio \((ratios.sorted()[ratios.count / 2] * 100).rounded() / 100)")
    }

    /// Seconds of processor time, in the kernel as well, that `body` takes: other work on the machine does not count.
    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        try body()
        return now() - start
    }

    private func rate(_ seconds: Double) -> Int { Int(Double(Self.total) / seconds / 1e6) }

    /// The same number of bytes, one `write` a batch, a new file every 8 MiB, and each file removed when the next is begun.
    private func plainWrites(_ batches: Int, _ batch: [UInt8]) throws -> Double {
        let place = TemporarySpool()
        var descriptor = open("\(place.path)/0", O_WRONLY | O_CREAT, 0o600)
        var (inFile, file) = (0, 0)
        let time = seconds {
            for _ in 0..<batches {
                if inFile + batch.count > 8 << 20 {
                    close(descriptor)
                    if file > 0 { unlink("\(place.path)/\(file - 1)") }
                    file += 1
                    descriptor = open("\(place.path)/\(file)", O_WRONLY | O_CREAT, 0o600)
                    inFile = 0
                }
                inFile += write(descriptor, batch, batch.count)
            }
        }
        close(descriptor)
        return time
    }

    private func appends(_ batches: Int, _ perBatch: Int, _ head: [UInt8], _ body: [UInt8]) throws -> Double {
        let place = TemporarySpool()
        let spool = try place.open()
        var sequence: UInt64 = 0
        var time = 0.0
        for _ in 0..<batches {
            let entries = (0..<UInt64(perBatch)).map {
                SpoolEntry(sequence: sequence + $0 + 1, kind: 1, head: head, body: body)
            }
            sequence += UInt64(perBatch)
            time += try seconds {
                try spool.append(entries)
                spool.release(through: SpoolPosition(run: spool.run, sequence: sequence))
            }
        }
        return time
    }

    @Test func readsAtTheSpeedOfThePageCache() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        let body = [UInt8](repeating: 3, count: 1_000)
        for batch in 0..<UInt64(256) {
            try spool.append((1...1_000).map { SpoolEntry(sequence: batch * 1_000 + $0, kind: 1, body: body) })
        }
        let reader = spool.reader()
        var bytes = 0
        let time = try seconds {
            while !reader.isAtEnd { bytes += try reader.next(maxBytes: 1 << 20).payloadBytes }
        }
        print("read \(Int(Double(bytes) / time / 1e6)) MB/s, hardware CRC \(CRC32C.isHardware)")
        #expect(bytes == 256_000_000)
    }
}
