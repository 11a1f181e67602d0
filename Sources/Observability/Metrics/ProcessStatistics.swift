import Glibc

/// What the kernel says about this process.
package struct ProcessStatistics: Sendable, Equatable {
    /// Memory that is in RAM now.
    package let residentBytes: Int
    /// The most memory that was in RAM at once.
    package let peakResidentBytes: Int
    /// Address space.
    package let virtualBytes: Int
    /// Time on a processor, in the process and in the kernel for it.
    package let cpuSeconds: Double
    /// Descriptors in use, or `nil` when they cannot be counted, as when there is none left to count with.
    package let openDescriptors: Int?
    /// The limit on descriptors.
    package let maximumDescriptors: Int?
    package let threads: Int?

    /// Reads procfs; a few system calls, no blocking on anything but the kernel.
    package static func current() -> ProcessStatistics {
        let pages = ProcFile.read("/proc/self/statm").split(separator: " ").map { Int($0) ?? 0 }
        let page = sysconf(Int32(_SC_PAGESIZE))
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var limit = rlimit()
        let hasLimit = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return ProcessStatistics(
            residentBytes: pages.count > 1 ? pages[1] * page : 0,
            // Kilobytes on Linux.
            peakResidentBytes: usage.ru_maxrss * 1_024,
            virtualBytes: (pages.first ?? 0) * page,
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            openDescriptors: ProcFile.entries(of: "/proc/self/fd"),
            maximumDescriptors: hasLimit ? Int(clamping: limit.rlim_cur) : nil,
            threads: statusFields().dropFirst(17).first.flatMap { Int($0) })
    }

    /// When the process started, in seconds since 1970, or `nil` where procfs is hidden.
    package static func startTime() -> Double? {
        let ticks = statusFields().dropFirst(19).first.flatMap { Double($0) }
        let boot = ProcFile.read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
        guard let ticks, let boot else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The fields of /proc/self/stat from the third on; the second, a name, may hold anything but its last parenthesis.
    private static func statusFields() -> [Substring] {
        let line = ProcFile.read("/proc/self/stat")
        guard let end = line.lastIndex(of: ")") else { return [] }
        return line[line.index(after: end)...].split(separator: " ")
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
}

/// Small reads from procfs.
enum ProcFile {
    /// The text of the file, or nothing.
    static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while content.count < 1_048_576 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            content += buffer[0..<count]
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The number of entries of a directory, without the one that this look adds.
    static func entries(of path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
    }
}
