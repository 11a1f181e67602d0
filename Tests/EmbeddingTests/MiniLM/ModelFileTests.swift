import Foundation
import Testing

@testable import Embedding

/// Files that are not what they say must give an error, never a crash.
@Suite struct SafetensorsFileTests {
    private func file(header: String, length: UInt64? = nil, data: Int = 64) -> [UInt8] {
        let header = Array(header.utf8)
        let prefix = withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Array($0) }
        return prefix + header + [UInt8](repeating: 0, count: data)
    }

    @Test func readsATensorWhereverItLies() throws {
        let directory = try ModelTestDirectory()
        let bytes = file(
            header:
                #"{"__metadata__":{"format":"pt"},"odd":{"dtype":"F32","shape":[2,3],"data_offsets":[3,27],"new":[{}]}}"#
        )
        let tensors = try SafetensorsFile(path: try directory.file("a", bytes))
        #expect(try tensors.floats("odd", shape: [2, 3]).count == 24)
        #expect(throws: ModelError.self) { try tensors.floats("odd", shape: [3, 2]) }
        #expect(throws: ModelError.self) { try tensors.floats("even", shape: [2, 3]) }
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"a\":", "{\"a\":{\"dtype\":\"F32\"", "\u{0}", "{}x",
        String(repeating: "[", count: 100_000),
        String(repeating: "{\"a\":", count: 50_000), "{\"a\":{\"shape\":[1,}}",
    ])
    func refusesAHeaderThatIsNone(header: String) throws {
        let directory = try ModelTestDirectory()
        let path = try directory.file("a", file(header: header))
        do {
            let tensors = try SafetensorsFile(path: path)
            #expect(throws: ModelError.self) { try tensors.floats("a", shape: [1]) }
        } catch { #expect(error.code == .damaged) }
    }

    @Test(arguments: [UInt64.max, 1 << 63, 1 << 62, 1 << 40, 1_000, 0])
    func refusesALengthThatIsWrong(length: UInt64) throws {
        let directory = try ModelTestDirectory()
        let path = try directory.file("a", file(header: "{}", length: length))
        #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
    }

    @Test(arguments: [
        #""data_offsets":[0,8],"shape":[1]"#, #""data_offsets":[60,64],"shape":[1]"#,
        #""data_offsets":[0,9223372036854775807],"shape":[1]"#, #""data_offsets":[8,4],"shape":[1]"#,
        #""data_offsets":[-4,0],"shape":[1]"#, #""data_offsets":[0],"shape":[1]"#, #""data_offsets":"x","shape":[1]"#,
        #""data_offsets":[0,4],"shape":[4611686018427387904,4]"#, #""data_offsets":[0,4],"shape":[1.5]"#,
        #""data_offsets":[0,4],"shape":{}"#, #""shape":[1]"#, #""data_offsets":[0,99999999999999999999],"shape":[1]"#,
    ])
    func refusesATensorThatPointsOutside(fields: String) throws {
        let directory = try ModelTestDirectory()
        let header = #"{"a":{"dtype":"F32","# + fields + "}}"
        let tensors = try SafetensorsFile(path: try directory.file("a", file(header: header, data: 62)))
        for shape in [[1], [2], [1, 1], [4_611_686_018_427_387_904, 4], []] {
            #expect(throws: ModelError.self) { try tensors.floats("a", shape: shape) }
        }
    }

    @Test func refusesWhatIsNoFile() throws {
        let directory = try ModelTestDirectory()
        mkfifo(directory.path + "/pipe", 0o600)
        for name in ["none", "pipe", ""] {
            #expect(throws: ModelError.self) { try SafetensorsFile(path: directory.path + "/" + name) }
        }
        let empty = try directory.file("empty", [UInt8]())
        #expect(throws: ModelError.self) { try SafetensorsFile(path: empty) }
    }
}

@Suite(.enabled(if: ModelUnderTest.artefact != nil, ModelUnderTest.needsArtefact)) struct ModelArtefactTests {
    @Test func knowsWhatItWasMadeOf() throws {
        let artefact = try ModelArtefact(path: try #require(ModelUnderTest.artefact))
        try artefact.verify()
        #expect(artefact.isKnownModel)
        // The same on every machine; another number means another format, which needs another version.
        #expect(artefact.payloadDigest == "7aae52e15a042c558b8db39291b1c6187a762e5a0409869ff8d5faca12f61d3f")
    }

    /// One bit anywhere is found: in the header at once, behind it when the bytes are verified.
    @Test(arguments: [0, 8, 20, 24, 40, 70, 200, 230, 255, 256, 10_000_000, -1])
    func noticesOneChangedBit(place: Int) throws {
        let directory = try ModelTestDirectory()
        var bytes = try Data(contentsOf: URL(filePath: try #require(ModelUnderTest.artefact)))
        bytes[place < 0 ? bytes.count + place : place] ^= 1
        let path = try directory.file("changed.hbm", bytes)
        #expect(throws: ModelError.self) { try MiniLMEncoder(artefact: path) }
        if place >= 0, place < 256 { #expect(throws: ModelError.self) { try ModelArtefact(path: path) } }
    }

    @Test(arguments: [0, 1, 255, 256, 1_000_000, -1]) func noticesThatItIsCut(length: Int) throws {
        let directory = try ModelTestDirectory()
        let bytes = try Data(contentsOf: URL(filePath: try #require(ModelUnderTest.artefact)))
        let path = try directory.file("cut.hbm", length < 0 ? bytes.dropLast() : bytes.prefix(length))
        #expect(throws: ModelError.self) { try ModelArtefact(path: path) }
    }

    @Test func saysWhatToDoWhenThereIsNone() throws {
        let directory = try ModelTestDirectory()
        let error = #expect(throws: ModelError.self) { try MiniLMEncoder(artefact: directory.path + "/none.hbm") }
        #expect(error?.code == .missing)
        #expect(error?.message.contains("ha-bridge model install") == true)
    }
}
