import BridgeCore
import Glibc
import Testing

@testable import BridgeCommand

@Suite struct TokenReaderTests {
    private static let token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2VjcmV0LXNpZ25hdHVyZQ"

    private static let endings: [(String, String)] = [("none", ""), ("newline", "\n"), ("carriage return", "\r\n")]

    @Test(arguments: endings) func trimsOneNewline(_ name: String, _ ending: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("token", (Self.token + ending).utf8)
        let reading = try TokenReader().read(path)
        #expect(reading.token.withBytes { $0.elementsEqual(Self.token.utf8) })
        #expect(reading.warning == nil)
    }

    private static let refused: [(String, [UInt8])] = [
        ("empty", []), ("newline alone", [0x0A]), ("carriage return alone", [0x0D, 0x0A]),
        ("two newlines", Array("abc\n\n".utf8)), ("blank inside", Array("abc def".utf8)),
        ("tab inside", Array("abc\tdef".utf8)), ("two lines", Array("abc\ndef\n".utf8)),
        ("blank before", Array(" abc".utf8)), ("control character", [0x61, 0x00, 0x62]),
        ("interrupt key", [0x61, 0x03]), ("non-ASCII", Array("schlüssel".utf8)),
        ("byte order mark", [0xEF, 0xBB, 0xBF, 0x61]),
    ]

    @Test(arguments: refused) func refusesWhatIsNoToken(_ name: String, _ bytes: [UInt8]) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("token", bytes)
        let failure = #expect(throws: CommandFailure.self) { try TokenReader().read(path) }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains(path) == true)
        #expect(failure?.message.contains("abc") == false)
    }

    // The sizes are the arguments, not the bytes: test logs show arguments.
    @Test(arguments: [TokenReader.maximumSize + 1, TokenReader.maximumSize + 2, 1 << 20])
    func refusesWhatIsTooLong(_ size: Int) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("token", [UInt8](repeating: 0x61, count: size))
        let failure = #expect(throws: CommandFailure.self) { try TokenReader().read(path) }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains("longer than 8192 bytes") == true)
    }

    @Test func takesTheLongestToken() throws {
        let directory = try TemporaryDirectory()
        let bytes = [UInt8](repeating: 0x61, count: TokenReader.maximumSize) + [0x0D, 0x0A]
        #expect(try TokenReader().read(try directory.file("token", bytes)).token.count == TokenReader.maximumSize)
    }

    private static let modes: [(mode_t, Bool)] = [
        (0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o644, true), (0o660, true),
    ]

    @Test(arguments: modes) func warnsWhenOthersCanReadTheFile(_ mode: mode_t, _ isExposed: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("token", Self.token.utf8, mode: mode)
        let warning = try TokenReader().read(path).warning
        #expect((warning != nil) == isExposed)
        #expect(warning?.contains(Self.token) != true)
    }

    @Test func readsAPipeInPieces() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        defer { close(reader) }
        for piece in ["abc", "def", "\n"] { _ = piece.withCString { write(writer, $0, strlen($0)) } }
        close(writer)
        let token = try TokenReader().readToken(from: reader, named: "standard input")
        #expect(token.withBytes { $0.elementsEqual("abcdef".utf8) })
    }

    @Test func saysWhichFileCannotBeRead() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: CommandFailure.self) { try TokenReader().read(directory.path + "/none") }
        #expect(missing?.message == "Cannot read the token from \(directory.path)/none (No such file or directory).")
        let folder = #expect(throws: CommandFailure.self) { try TokenReader().read(directory.path) }
        #expect(folder?.message.contains("is a directory") == true)
    }

    @Test func neverShowsTheTokenInAnyText() throws {
        let directory = try TemporaryDirectory()
        let reading = try TokenReader().read(try directory.file("token", Self.token.utf8))
        var dumped = ""
        dump(reading, to: &dumped)
        for text in ["\(reading)", "\(reading.token)", String(reflecting: reading), dumped] {
            #expect(!text.contains(Self.token))
        }
    }
}
