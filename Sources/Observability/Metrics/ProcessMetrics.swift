import BridgeConcurrency

/// The metrics that every Prometheus client has under the same names, so that ordinary dashboards work.
package enum ProcessMetrics {
    /// Registers them; each is read when someone looks.
    package static func register(in metrics: MetricsRegistry) {
        metrics.counter("process_cpu_seconds_total", "Time on a processor, user and system, in seconds.") {
            ProcessStatistics.current().cpuSeconds
        }
        metrics.gauge("process_resident_memory_bytes", "Resident memory in bytes.") {
            Double(ProcessStatistics.current().residentBytes)
        }
        metrics.gauge("ha_bridge_process_peak_resident_memory_bytes", "Most resident memory so far, in bytes.") {
            Double(ProcessStatistics.current().peakResidentBytes)
        }
        metrics.gauge("process_virtual_memory_bytes", "Virtual memory in bytes.") {
            Double(ProcessStatistics.current().virtualBytes)
        }
        metrics.gauge("process_open_fds", "Open file descriptors.") {
            ProcessStatistics.current().openDescriptors.map { Double($0) }
        }
        metrics.gauge("process_max_fds", "Limit on open file descriptors.") {
            ProcessStatistics.current().maximumDescriptors.map { Double($0) }
        }
        metrics.gauge("process_threads", "Threads of the process.") {
            ProcessStatistics.current().threads.map { Double($0) }
        }
        let start = ProcessStatistics.startTime()
        metrics.gauge("process_start_time_seconds", "Start of the process in seconds since 1970.") { start }
    }
}
