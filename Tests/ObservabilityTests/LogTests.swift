import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import Observability

/// Both ends close on exec.
func makePipe(_ ends: inout [Int32]) {
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
}

/// A pipe whose two ends close with it.
final class Pipe: Sendable {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        makePipe(&ends)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// What lies in the pipe now.
    func drain() -> String {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(reading, &buffer, buffer.count)
            if count <= 0 { break }
            content += buffer[0..<count]
        }
        return String(decoding: content, as: UTF8.self)
    }

    var lines: [Substring] { drain().split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
}

@Suite struct LogTests {
    private static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjYW5hcnkiLCJpYXQiOjE3MDB9.c2lnbmF0dXJlLW9mLWNhbmFyeS1fMTIz"

    private let pipe = Pipe()

    private func logger(_ format: LogFormat, level: Logger.Level = .trace, sink: LogSink? = nil) -> Logger {
        let sink = sink ?? LogSink(descriptor: pipe.writing)
        return Logger(label: "test") { label in
            BridgeLogHandler(label: label, level: level, format: format, sink: sink) {
                Timestamp(microseconds: 1_700_000_000_123_456)
            }
        }
    }

    @Test func writesTextForPeople() {
        var logger = logger(.text)
        logger[metadataKey: LoggingKeys.connectionName] = "my home"
        logger.notice(
            "Subscribed.", metadata: ["rows": "3", "empty": "", "list": ["a", "b"], "map": ["k": ["x": "y"]]])
        logger.error("Bad.", error: NSError())
        #expect(
            pipe.lines == [
                "2023-11-14T22:13:20.123Z NOTICE   Subscribed. connection.name=\"my home\" empty=\"\" list=\"[a, b]\" "
                    + "map=\"{k: {x: y}}\" rows=3",
                "2023-11-14T22:13:20.123Z ERROR    Bad. connection.name=\"my home\" error=\"it broke\"",
            ])
    }

    private struct NSError: Error, CustomStringConvertible { let description = "it broke" }

    @Test func writesOneJSONObjectALine() throws {
        logger(.json).warning(
            "Said \"hi\" \\ \u{1} é 🏠", metadata: ["rows": "3", "list": ["a", ["b": "c"]], "level": "mine"])
        let line = try #require(pipe.lines.first)
        #expect(
            line == """
                {"time":"2023-11-14T22:13:20.123Z","level":"warning","logger":"test",\
                "message":"Said \\"hi\\" \\\\ \\u0001 é 🏠","metadata.level":"mine","list":["a",{"b":"c"}],"rows":"3"}
                """)
        struct Line: Decodable { let message: String }
        #expect(try JSONDecoder().decode(Line.self, from: Data(line.utf8)).message == "Said \"hi\" \\ \u{1} é 🏠")
    }

    @Test func keepsQuietBelowItsLevel() {
        let logger = logger(.text, level: .warning)
        logger.notice("no")
        logger.warning("yes")
        #expect(pipe.lines.count == 1)
    }

    @Test(arguments: LogFormat.allCases)
    func doesNotLetDataForgeLines(format: LogFormat) {
        let forged = "x\n2026-01-01T00:00:00.000Z NOTICE   All is well.\r\u{1B}[2J\u{9B}31m\u{202E}\u{2028}\u{0}\u{7F}"
        logger(format).error("\(forged)", metadata: ["v": "\(forged)", "\(forged)": "v"])
        let text = pipe.drain()
        #expect(text.filter { $0 == "\n" }.count == 1)
        #expect(text.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        #expect(!text.unicodeScalars.contains("\u{202E}") && !text.unicodeScalars.contains("\u{2028}"))
    }

    @Test func doesNotLetAValuePassForAnotherKey() {
        logger(.text).info("m", metadata: ["a": "1 b=2", "c": "x\"y", "d": "p=q"])
        #expect(pipe.drain().hasSuffix(#"m a="1 b=2" c="x\"y" d="p=q""# + "\n"))
    }

    @Test(arguments: LogFormat.allCases)
    func writesNoSecret(format: LogFormat) {
        let token = Self.token
        let logger = logger(format)
        logger.error("auth \(token)", metadata: ["token": "plain-canary", "url": "ws://u:canary@h/x"])
        logger.error(
            "m", metadata: ["list": ["\(token)"], "map": ["access_token": "canary", "deep": ["password": "canary"]]])
        logger.error("{\"access_token\":\"canary\"}", error: CanaryError())
        logger.error("\(String(repeating: "x", count: 1_000)) \(token)")
        let text = pipe.drain()
        #expect(!text.contains("canary") && !text.contains("eyJ"))
        #expect(text.split(separator: "\n").count == 4)
    }

    private struct CanaryError: Error, CustomStringConvertible {
        let description = "postgresql://u:canary@h and PASSWORD='canary'"
    }

    @Test func cutsLongLinesAndKeepsThemWhole() throws {
        let long = String(repeating: "é", count: 100_000)
        logger(.text).info("\(long)", metadata: ["a": "\(long)", "b": "\(long)", "c": "\(long)", "d": "\(long)"])
        logger(.json).info("\(long)", metadata: ["a": "\(long)", "b": "\(long)", "c": "\(long)", "d": "\(long)"])
        let lines = pipe.lines
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.utf8.count < LogSink.lineLimit && !$0.contains("\u{FFFD}") })
        struct Line: Decodable { let truncated: Bool }
        #expect(try JSONDecoder().decode(Line.self, from: Data(lines[1].utf8)).truncated)
        // Escapes are six times as long as what they stand for.
        logger(.json).info("\(String(repeating: "\u{1}", count: 5_000))")
        let escaped = try #require(pipe.lines.first)
        #expect((try? JSONDecoder().decode([String: String].self, from: Data(escaped.utf8))) != nil)
    }

    @Test func survivesAFullDisk() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(full >= 0)
        defer { close(full) }
        let sink = LogSink(descriptor: full)
        for _ in 0..<100 { logger(.text, sink: sink).error("lost") }
        #expect(sink.linesLost == 100)
        let metrics = MetricsRegistry()
        BridgeLogging.register(sink, in: metrics)
        #expect(PrometheusText.render(metrics.families()).contains("ha_bridge_log_lines_lost_total 100\n"))
    }

    @Test func survivesAClosedPipeAndADescriptorThatIsNone() {
        BridgeLogging.ignoreBrokenPipes()
        var ends: [Int32] = [-1, -1]
        makePipe(&ends)
        close(ends[0])
        let broken = LogSink(descriptor: ends[1])
        logger(.json, sink: broken).error("lost")
        #expect(broken.linesLost == 1)
        close(ends[1])
        let none = LogSink(descriptor: -1)
        logger(.json, sink: none).error("lost")
        #expect(none.linesLost == 1)
    }

    @Test func dropsRatherThanWaitsForAReaderThatDoesNotReadAndSaysSoLater() {
        let sink = LogSink(descriptor: pipe.writing)
        let logger = logger(.text, sink: sink)
        let elapsed = ContinuousClock().measure {
            for index in 0..<5_000 { logger.info("line \(index) \(String(repeating: "x", count: 500))") }
        }
        // Waiting for each line would take 100 s.
        #expect(elapsed < .seconds(30))
        let lost = sink.linesLost
        #expect(lost > 1_000)
        // A report may fit where a line does not, so there may be several; together they are exact.
        var lines = pipe.lines
        logger.info("again")
        lines += pipe.lines
        #expect(lines.last?.hasSuffix("again") == true)
        let reports = lines.filter { $0.contains("WARNING  Log lines were lost. count=") }
        #expect(lines.count - reports.count == 5_001 - lost)
        #expect(reports.compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }.reduce(0, +) == lost)
        logger.info("quiet")
        #expect(pipe.lines.count == 1)
        // The flag is on our own description of the pipe, not on what our parent shares with us.
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func writesToASocketWithoutBlocking() {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        defer { for end in ends { close(end) } }
        let sink = LogSink(descriptor: ends[1])
        let logger = logger(.text, sink: sink)
        for _ in 0..<5_000 { logger.info("\(String(repeating: "x", count: 500))") }
        #expect(sink.linesLost > 0 && sink.linesLost < 5_000)
    }

    @Test func doesNotMixLinesOfManyThreads() async {
        var template = Array("/tmp/ha-bridge-log-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        unlink(template)
        defer { close(file) }
        let logger = logger(.json, sink: LogSink(descriptor: file))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for index in 0..<500 { logger.info("\(task)-\(index)") } }
            }
        }
        var content = [UInt8](repeating: 0, count: 2_000_000)
        let count = pread(file, &content, content.count, 0)
        let lines = String(decoding: content[0..<max(0, count)], as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4_000)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"time\"") && $0.hasSuffix("\"}") })
    }
}
