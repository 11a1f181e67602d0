import Glibc

/// A set of lengths of time.
struct Durations: Sendable {
    private var milliseconds: [Double] = []

    /// Adds one.
    mutating func add(_ duration: Duration) { milliseconds.append(duration.inMilliseconds) }

    /// How many there are.
    var count: Int { milliseconds.count }

    /// The smallest of which `share` of all are no longer, in milliseconds; 0 without any.
    func percentile(_ share: Double) -> Double {
        guard !milliseconds.isEmpty else { return 0 }
        let sorted = milliseconds.sorted()
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// Their mean in milliseconds; 0 without any.
    var mean: Double { milliseconds.isEmpty ? 0 : milliseconds.reduce(0, +) / Double(milliseconds.count) }
}

extension Duration {
    /// In milliseconds, with fractions.
    var inMilliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
    }
}

/// The memory of this process.
enum ResidentMemory {
    /// Bytes in use now, and the most so far, as the kernel counts them; zero where it does not say.
    static var current: (now: Int, most: Int) {
        func field(_ name: String, _ text: String) -> Int {
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }) else { return 0 }
            return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
                * 1_024
        }
        let text = status()
        return (field("VmRSS", text), field("VmHWM", text))
    }

    private static func status() -> String {
        let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
