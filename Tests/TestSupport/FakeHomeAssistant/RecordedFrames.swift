import Foundation

/// Frames that a real Home Assistant sent, one a line, as they lie in a capture.
package struct RecordedFrames: Sendable {
    /// One recorded event, without the subscription it was sent to.
    package struct Event: Sendable {
        /// The value of `event`, byte for byte.
        package let json: [UInt8]
        package let type: String
    }

    /// The events of each frame that holds any; a frame with more than one was an array.
    package let frames: [[Event]]

    /// All lines, events or not.
    package let lines: [[UInt8]]

    package var eventCount: Int { frames.reduce(0) { $0 + $1.count } }

    /// Reads a file of JSON lines; a name that ends in `.gz` is unpacked by `gzip`.
    package init(path: String) throws {
        let data: Data
        if path.hasSuffix(".gz") {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["gzip", "-dc", path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        } else {
            data = try Data(contentsOf: URL(filePath: path))
        }
        self.init(lines: data.split(separator: UInt8(ascii: "\n")).map { [UInt8]($0) })
    }

    package init(lines: [[UInt8]]) {
        self.lines = lines
        frames = lines.map { line in
            JSONSlices.elementsOrWhole(line).compactMap { Self.event(line, $0) }
        }.filter { !$0.isEmpty }
    }

    /// Only messages that `subscribe_events` delivers: other subscriptions have an `event` too, but no type in it.
    private static func event(_ line: [UInt8], _ message: Range<Int>) -> Event? {
        let members = JSONSlices.members(line, message)
        guard let value = members["event"], members["type"].map({ Array(line[$0]) }) == Array("\"event\"".utf8),
            let type = JSONSlices.members(line, value)["event_type"]
        else { return nil }
        return Event(json: Array(line[value]), type: String(decoding: line[type].dropFirst().dropLast(), as: UTF8.self))
    }
}

extension FakeHomeAssistant {
    /// Sends recorded events to every open connection, with the ids of its live subscriptions, in frames as they were recorded:
    /// arrays stay arrays where the connection asked for them.
    ///
    /// - Returns: the events sent, counted for each subscription.
    @discardableResult
    package func replay(_ recording: RecordedFrames) -> Int { connections.reduce(0) { $0 + $1.replay(recording) } }
}

extension FakeConnection {
    /// Sends recorded events to the subscriptions of this connection.
    @discardableResult
    package func replay(_ recording: RecordedFrames) -> Int {
        let (bytes, count) = encode(recording)
        return write(bytes) ? count : 0
    }

    /// The frames of a recording for the live subscriptions, ready for `write`: benchmarks encode before the clock starts.
    package func encode(_ recording: RecordedFrames) -> (bytes: [UInt8], eventCount: Int) {
        let (subscriptions, isCoalescing) = session.withLock {
            ($0.subscriptions.sorted { $0.key < $1.key }, $0.isCoalescing)
        }
        var bytes: [UInt8] = []
        var count = 0
        for frame in recording.frames {
            var messages: [[UInt8]] = []
            for event in frame {
                for (id, type) in subscriptions where type == nil || type == event.type {
                    messages.append(Array(#"{"type":"event","event":"#.utf8) + event.json + Array(",\"id\":\(id)}".utf8))
                }
            }
            count += messages.count
            if isCoalescing && messages.count > 1 {
                let array = Array("[".utf8) + messages.joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8)
                bytes += ServerFrame.encode(array)
            } else {
                for message in messages { bytes += ServerFrame.encode(message) }
            }
        }
        return (bytes, count)
    }
}
