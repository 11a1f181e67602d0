import Cryptography
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The files of the page, which are part of the program.
enum WebPages {
    /// One file.
    struct File: Sendable {
        let path: String
        let type: String
        let content: [UInt8]
    }

    /// Every file, by its path. The page itself answers for the root.
    static let files: [File] = [
        File(path: "/", type: "text/html; charset=utf-8", content: PackageResources.index_html)
    ]

    static func add(to endpoints: inout Endpoints) {
        for file in files {
            let tag = "\"\(version(of: file.content))\""
            let buffer = ByteBuffer(bytes: file.content)
            endpoints.addPage(file.path) { request, _ in
                var headers: HTTPFields = [.contentType: file.type, .cacheControl: "no-cache", .eTag: tag]
                if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
                headers[.contentLength] = String(buffer.readableBytes)
                return Response(status: .ok, headers: headers, body: .init(byteBuffer: buffer))
            }
        }
    }

    /// A browser asks again each time, and gets the file only where it is another one.
    private static func version(of content: [UInt8]) -> String {
        do {
            return String(try sha256Hex(content).prefix(16))
        } catch {
            // Without a library to count with, each answer is another version and nothing is kept.
            return String(UInt64.random(in: .min ... .max), radix: 16)
        }
    }
}
