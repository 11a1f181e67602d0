import BridgeCore
import HTTPTypes
import HummingbirdCore
import NIOCore
import TestSupport
import Testing

@testable import Console

/// The files of the page as they are served. What they do in a browser is tested by deploy/console-check.
@Suite("The page of the console")
struct WebPagesTests {
    private static let types = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        "webmanifest": "application/manifest+json", "html": "text/html; charset=utf-8",
    ]

    private static func text(_ file: WebPages.File) -> String { String(decoding: file.content, as: UTF8.self) }

    /// What a module imports before it runs; pages are imported later, with `import(…)`.
    private static func imports(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("import ") }.compactMap { line in
            line.split(separator: "\"").last { $0.hasPrefix("./") }.map { "/" + $0.dropFirst(2) }
        }
    }

    @Test(
        "Every file is served with its type, and once more only when it has changed",
        .enabled(if: TestDatabase.isAvailable))
    func served() async throws {
        try await ConsoleHouse.with { house in
            for file in WebPages.files {
                let answer = try await house.page(file.path)
                let ending = file.path == "/" ? "html" : file.path.split(separator: ".").last.map(String.init) ?? ""
                #expect(answer.status == .ok)
                #expect(answer.headers[.contentType] == Self.types[ending])
                #expect(answer.headers[.cacheControl] == "no-cache")
                #expect(answer.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
                let tag = try #require(answer.headers[.eTag])
                let again = try await house.page(file.path, headers: [.ifNoneMatch: tag])
                #expect(again.status == .notModified)
            }
        }
    }

    @Test("What the first page loads is small, and all that a module names is there")
    func size() throws {
        let files = Dictionary(uniqueKeysWithValues: WebPages.files.map { ($0.path, $0) })
        let index = try #require(files["/"])
        var waiting = Self.text(index).split(separator: "\"").map { "/" + $0 }.filter { files[$0] != nil && $0 != "/" }
        // The page that is opened first.
        waiting.append("/page-home.js")
        var loaded: Set<String> = ["/"]
        while let path = waiting.popLast() {
            guard loaded.insert(path).inserted else { continue }
            let file = try #require(files[path], "\(path) is imported and not there.")
            waiting += Self.imports(Self.text(file))
        }
        #expect(loaded.contains("/app.js"))
        #expect(loaded.contains("/timeline.js"))
        let bytes = loaded.reduce(0) { $0 + (files[$1]?.content.count ?? 0) }
        #expect(bytes < 95_000, "The first page has \(bytes) bytes.")
        for file in WebPages.files where file.path.hasSuffix(".js") {
            for path in Self.imports(Self.text(file)) { #expect(files[path] != nil, "\(file.path) imports \(path).") }
        }
    }

    @Test("Every page that the router names has its module")
    func pages() throws {
        let router = try #require(WebPages.files.first { $0.path == "/router.js" })
        let names = Self.text(router).matches(of: /\["[a-z:\/-]*", "([a-z-]+)", "/).map { String($0.output.1) }
        #expect(names.count >= 19)
        for name in names { #expect(WebPages.files.contains { $0.path == "/page-\(name).js" }, "\(name)") }
    }

    @Test("No file writes markup, runs text, styles in HTML, or names another site")
    func harmless() {
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", " style=\"",
            "javascript:", "http://", "https://", "localStorage.token",
        ]
        for file in WebPages.files {
            // The name of a language, of which nothing is loaded.
            let text = Self.text(file).replacing("http://www.w3.org/2000/svg", with: "")
            for word in forbidden { #expect(!text.contains(word), "\(file.path) holds \(word)") }
            if file.path == "/" {
                #expect(!text.contains("onclick") && !text.contains("<style"))
                #expect(text.matches(of: /<script(?![^>]*src=)/).isEmpty)
            }
        }
    }

    @Test("No file is longer than it may be")
    func length() {
        for file in WebPages.files {
            #expect(
                Self.text(file).split(separator: "\n", omittingEmptySubsequences: false).count < 400, "\(file.path)")
        }
    }
}

extension ConsoleHouse {
    /// The answer to a request for a file of the page, without its body.
    fileprivate func page(_ path: String, headers: HTTPFields = [:]) async throws -> Response {
        let request = Request(
            head: HTTPRequest(
                method: .get, scheme: "http", authority: "127.0.0.1:8099", path: path, headerFields: headers),
            body: .init(buffer: ByteBuffer()))
        return await console.respond(to: request, context: ConsoleContext(remoteAddress: "127.0.0.1"))
    }
}
