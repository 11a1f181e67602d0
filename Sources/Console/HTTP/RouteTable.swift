import HTTPTypes
import HummingbirdCore

/// Which handler answers a path and a method.
///
/// A path is matched part by part; a part such as `:id` stands for any text that is not empty. Parts written out win over such
/// ones. HEAD is answered as GET, without the body.
struct RouteTable: Sendable {
    typealias Handler = @Sendable (Request, ConsoleContext) async throws -> Response

    /// What a path leads to.
    enum Match {
        case handler(Handler, parameters: [String: String])
        /// The path is there, for other methods.
        case methods([HTTPRequest.Method])
        case nothing
    }

    private struct Node {
        var handlers: [(method: HTTPRequest.Method, handler: Handler)] = []
        var children: [String: Node] = [:]
        /// A child for any text, and the name under which it is handed on.
        var parameter: (name: String, node: [Node])?
    }

    private var root = Node()

    /// Adds a handler for a path such as `/api/v1/events/:id`.
    mutating func add(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        Self.add(method, Self.parts(of: path)[...], handler, to: &root)
    }

    private static func add(
        _ method: HTTPRequest.Method, _ parts: ArraySlice<Substring>, _ handler: @escaping Handler, to node: inout Node
    ) {
        guard let part = parts.first else {
            precondition(!node.handlers.contains { $0.method == method }, "Two handlers of one path.")
            return node.handlers.append((method, handler))
        }
        if part.first == ":" {
            let name = String(part.dropFirst())
            precondition(node.parameter == nil || node.parameter?.name == name, "One part of a path with two names.")
            var child = node.parameter?.node.first ?? Node()
            add(method, parts.dropFirst(), handler, to: &child)
            node.parameter = (name, [child])
        } else {
            add(method, parts.dropFirst(), handler, to: &node.children[String(part), default: Node()])
        }
    }

    /// What answers `method` of `path`, which is as it came: percent-encoded and without a query.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var parts: [String] = []
        for part in Self.parts(of: path) {
            // A part that is not UTF-8, or a way around the matching, is no path.
            guard let part = PercentEncoding.decoded(part), part != ".", part != ".." else { return .nothing }
            parts.append(part)
        }
        guard path.hasPrefix("/"), path == "/" || !path.hasSuffix("/"),
            let (node, parameters) = Self.find(parts[...], in: root, [:])
        else {
            return .nothing
        }
        let wanted = method == .head ? .get : method
        if let entry = node.handlers.first(where: { $0.method == wanted }) {
            return .handler(entry.handler, parameters: parameters)
        }
        return .methods(node.handlers.map(\.method))
    }

    private static func find(
        _ parts: ArraySlice<String>, in node: Node, _ parameters: [String: String]
    ) -> (Node, [String: String])? {
        guard let part = parts.first else { return node.handlers.isEmpty ? nil : (node, parameters) }
        if let child = node.children[part], let found = find(parts.dropFirst(), in: child, parameters) { return found }
        guard let (name, nodes) = node.parameter, let child = nodes.first, !part.isEmpty else { return nil }
        return find(parts.dropFirst(), in: child, parameters.merging([name: part]) { $1 })
    }

    private static func parts(of path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(path.hasPrefix("/") ? 1 : 0).map { $0 }
    }
}

/// `%2F` and its like.
enum PercentEncoding {
    /// The text that was encoded; `nil` where that is no text.
    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.prefix(2).allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
