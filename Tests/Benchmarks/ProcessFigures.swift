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
    static func memory(_ field: String, _ processID: Int32) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { return 0 }
        return kilobytes / 1_024
    }
}
