import Foundation
import Testing

@testable import Embedding

/// The model that tests run, where the environment names one.
enum ModelUnderTest {
    /// An installed artefact.
    static let artefact = variable("HA_BRIDGE_TEST_MODEL")
    /// The unpacked wheel.
    static let source = variable("HA_BRIDGE_TEST_MODEL_SOURCE")

    static let needsArtefact: Comment = "HA_BRIDGE_TEST_MODEL names no installed model"
    static let needsSource: Comment = "HA_BRIDGE_TEST_MODEL_SOURCE names no unpacked wheel of the model"

    /// The directory of the published files.
    static var published: String {
        get throws {
            guard case .published(let directory) = try ModelDirectory.kind(of: try #require(source)) else {
                throw ModelError(.wrongSource, "HA_BRIDGE_TEST_MODEL_SOURCE names no directory.")
            }
            return directory
        }
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A line of the golden files: a text, with its tokens or its vector.
struct GoldenText: Decodable {
    let text: String
    let ids: [Int32]?
    let embedding: [Float]?

    static func read(_ name: String) throws -> [GoldenText] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "jsonl"))
        return try Data(contentsOf: url).split(separator: 0x0A).map {
            try JSONDecoder().decode(GoldenText.self, from: Data($0))
        }
    }
}

/// A directory of a test's own, removed with everything in it.
struct ModelTestDirectory: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-model-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    func file(_ name: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o644) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        chmod(file, mode)
        return file
    }

    /// The names of what is in it or below one of its directories.
    func names(_ below: String = "") -> Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + below)) ?? [])
    }
}

/// The cosine of two vectors of any length.
func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var product = 0.0
    var squares = (0.0, 0.0)
    for (a, b) in zip(left, right) {
        product += Double(a) * Double(b)
        squares.0 += Double(a) * Double(a)
        squares.1 += Double(b) * Double(b)
    }
    return product / (squares.0 * squares.1).squareRoot()
}

/// Numbers that a seed decides, SplitMix64.
struct TestNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}
