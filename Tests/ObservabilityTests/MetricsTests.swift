import BridgeConcurrency
import Testing

@testable import Observability

@Suite struct MetricsTests {
    private enum Reason: String, MetricLabel {
        case full
        case tooOld = "too_old"
    }

    @Test func exposesEveryKindAsPrometheusReadsIt() {
        let registry = MetricsRegistry()
        let dropped = registry.counter(
            "ha_bridge_events_dropped_total", "Events dropped.", label: "reason", of: Reason.self)
        dropped[.tooOld].add(3)
        registry.gauge("ha_bridge_queue_bytes", "Bytes that wait.").set(1.5)
        registry.gauge("ha_bridge_connection_up", "A \\ and\na \"line\".", labels: ["connection": "a\"b\\c\nd"]) { 1 }
        registry.gauge("ha_bridge_unknown_ratio", "Left out while unknown.") { nil }
        registry.gauge("ha_bridge_odd_ratio", "Not a number.").set(.nan)
        let histogram = registry.histogram(
            "ha_bridge_commit_seconds", "Commits.", bounds: [0.1, 1], labels: ["b": "2", "a": "1"])
        histogram.observe(0.1)
        histogram.observe(.milliseconds(500), count: 2)
        histogram.observe(30)
        #expect(
            PrometheusText.render(registry.families()) == """
                # HELP ha_bridge_commit_seconds Commits.
                # TYPE ha_bridge_commit_seconds histogram
                ha_bridge_commit_seconds_bucket{a="1",b="2",le="0.1"} 1
                ha_bridge_commit_seconds_bucket{a="1",b="2",le="1"} 3
                ha_bridge_commit_seconds_bucket{a="1",b="2",le="+Inf"} 4
                ha_bridge_commit_seconds_sum{a="1",b="2"} 31.1
                ha_bridge_commit_seconds_count{a="1",b="2"} 4
                # HELP ha_bridge_connection_up A \\\\ and\\na "line".
                # TYPE ha_bridge_connection_up gauge
                ha_bridge_connection_up{connection="a\\"b\\\\c\\nd"} 1
                # HELP ha_bridge_events_dropped_total Events dropped.
                # TYPE ha_bridge_events_dropped_total counter
                ha_bridge_events_dropped_total{reason="full"} 0
                ha_bridge_events_dropped_total{reason="too_old"} 3
                # HELP ha_bridge_odd_ratio Not a number.
                # TYPE ha_bridge_odd_ratio gauge
                ha_bridge_odd_ratio NaN
                # HELP ha_bridge_queue_bytes Bytes that wait.
                # TYPE ha_bridge_queue_bytes gauge
                ha_bridge_queue_bytes 1.5

                """)
        #expect(registry.problems.isEmpty)
    }

    @Test func givesTheSameHandleForTheSameName() {
        let registry = MetricsRegistry()
        registry.counter("ha_bridge_a_total", "A.", labels: ["x": "1"]).increment()
        let again = registry.counter("ha_bridge_a_total", "A.", labels: ["x": "1"])
        #expect(again.value == 1)
        #expect(registry.counter("ha_bridge_a_total", "A.", labels: ["x": "2"]).value == 0)
    }

    @Test func reportsRegistrationsThatCannotBeShown() {
        let registry = MetricsRegistry()
        registry.counter("ha_bridge_things", "No unit.").increment()
        registry.counter("1_total", "Bad name.").increment()
        _ = registry.gauge("ha_bridge_g", "G.", labels: ["le": "1"])
        _ = registry.gauge("ha_bridge_g", "G.")
        _ = registry.histogram("ha_bridge_g", "Another kind.")
        #expect(registry.problems.count == 4)
        #expect(registry.families().map(\.name) == ["ha_bridge_g"])
    }

    @Test func boundsTheSeriesOfOneName() {
        let registry = MetricsRegistry()
        for index in 0...MetricsRegistry.seriesLimit {
            registry.counter("ha_bridge_a_total", "A.", labels: ["x": "\(index)"]).increment()
        }
        #expect(registry.families().first?.series.count == MetricsRegistry.seriesLimit)
        #expect(registry.problems.count == 1)
    }

    @Test func forgetsTheSeriesOfARemovedConnection() {
        let registry = MetricsRegistry()
        _ = registry.gauge("ha_bridge_up", "U.", labels: ["connection": "a"])
        _ = registry.gauge("ha_bridge_up", "U.", labels: ["connection": "b"])
        registry.removeSeries(label: "connection", value: "a")
        #expect(registry.families().first?.series.map(\.labels) == [[MetricLabelPair(name: "connection", value: "b")]])
        registry.removeSeries(label: "connection", value: "b")
        #expect(registry.families().isEmpty)
    }

    @Test func countsExactlyFromManyThreads() async {
        let counter = Counter()
        let gauge = Gauge()
        let histogram = Histogram(bounds: [1, 2, 3])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for step in 0..<10_000 {
                        counter.increment()
                        gauge.add(1)
                        histogram.observe(Double(step % 4) + 0.5)
                    }
                }
            }
        }
        counter.add(-5)
        #expect(counter.value == 80_000)
        #expect(gauge.value == 80_000)
        #expect(histogram.snapshot().counts == [20_000, 20_000, 20_000, 20_000])
        #expect(histogram.snapshot().sum == 160_000)
    }

    @Test func estimatesQuantiles() throws {
        let histogram = Histogram(bounds: [0.1, 0.2, 0.3, 1])
        #expect(histogram.snapshot().quantile(0.5) == nil)
        for index in 1...100 { histogram.observe(Double(index) / 500) }
        let half = try #require(histogram.snapshot().quantile(0.5))
        let most = try #require(histogram.snapshot().quantile(0.99))
        #expect(abs(half - 0.1) < 0.005)
        #expect(abs(most - 0.198) < 0.005)
        let before = histogram.snapshot()
        histogram.observe(7, count: 10)
        histogram.observe(.nan)
        #expect(histogram.snapshot().quantile(1) == 7)
        #expect(histogram.snapshot().since(before).count == 10)
        #expect((histogram.snapshot().since(before).quantile(0.5) ?? 0) > 1)
    }

    @Test func showsTheProcess() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let text = PrometheusText.render(registry.families())
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
            "process_open_fds", "process_max_fds", "process_threads", "process_start_time_seconds",
            "ha_bridge_process_peak_resident_memory_bytes",
        ] {
            #expect(text.contains("\n\(name) "), "\(name)")
        }
        let now = ProcessStatistics.current()
        #expect(now.residentBytes > 1_000_000 && now.residentBytes < now.virtualBytes)
        #expect(now.peakResidentBytes >= now.residentBytes / 2)
        #expect(now.cpuSeconds > 0)
        #expect(try #require(now.openDescriptors) >= 3)
        #expect(try #require(now.threads) >= 1)
        let wall = Double(HealthClock.system.wall().microseconds) / 1_000_000
        let start = try #require(ProcessStatistics.startTime())
        #expect(start < wall + 2 && start > wall - 86_400)
    }
}
