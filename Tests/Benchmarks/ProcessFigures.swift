import Foundation

/// What the system says of a process.
enum ProcessFigures {
    /// User and system CPU seconds so far.
    static func cpuSeconds(_ processID: Int32) -> Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return 0 }
        // The name in parentheses may hold blanks; the fields are counted from behind it.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A field of `/proc/PID/status` in MiB: `VmRSS`, or its highest value `VmHWM`.
    static func memory(_ name: String, _ processID: Int32) -> Double {
        (field(name, of: "\(processID)") ?? 0) / 1_024
    }

    /// How often its threads went to sleep of their own accord so far.
    static func sleeps(_ processID: Int32) -> Double {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/task")) ?? []
        return threads.reduce(0) { sum, thread in
            sum + (field("voluntary_ctxt_switches", of: "\(processID)/task/\(thread)") ?? 0)
        }
    }

    /// The number in a field of `/proc/…/status`.
    private static func field(_ name: String, of place: String) -> Double? {
        guard let status = try? String(contentsOfFile: "/proc/\(place)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
    }
}
