import BridgeConcurrency
import BridgeCore
import FoundationEssentials

/// What the server answers to a request, before it becomes HTTP.
struct HTTPPage: Sendable, Equatable {
    let status: Int
    let contentType: String
    let body: String
    /// The methods that would have been right, when the one asked with was not.
    var allow: String?

    static func text(_ status: Int, _ lines: [String]) -> HTTPPage {
        HTTPPage(
            status: status, contentType: "text/plain; charset=utf-8", body: lines.map { $0 + "\n" }.joined())
    }

    static func json(_ status: Int, _ value: some Encodable) -> HTTPPage {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers that JSON cannot hold are left out before, so encoding cannot fail.
        let body = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return HTTPPage(status: status, contentType: "application/json", body: body + "\n")
    }
}

extension HTTPPage {
    /// For visitors of the console when there are too many.
    static let crowded = HTTPPage(
        status: 503, contentType: "application/problem+json",
        body: #"{"type":"about:blank","title":"Service Unavailable","status":503,"code":"busy","#
            + #""detail":"Too many pages are open at this moment. Close some, or try again soon."}"#)
}

/// The pages of the process, as a pure function of what is asked and what is known.
struct HTTPPages: Sendable {
    let health: HealthRegistry
    let metrics: MetricsRegistry

    /// Whether the path is one of these pages.
    static func contains(_ path: String) -> Bool { pages[path] != nil }

    func page(method: String, path: String) -> HTTPPage {
        guard let page = Self.pages[path] else {
            return .json(404, ["error": "not_found", "message": "There is /livez, /readyz, /healthz and /metrics."])
        }
        guard method == "GET" || method == "HEAD" else {
            var refused = HTTPPage.json(
                405, ["error": "method_not_allowed", "message": "Only GET and HEAD are allowed."])
            refused.allow = "GET, HEAD"
            return refused
        }
        return page(self)
    }

    private static let pages: [String: @Sendable (HTTPPages) -> HTTPPage] = [
        "/livez": { pages in
            let reasons = pages.health.snapshot().livenessReasons
            return reasons.isEmpty ? .text(200, ["ok"]) : .text(503, reasons.map(Redactor.redact))
        },
        "/readyz": { pages in
            let reasons = pages.health.snapshot().readinessReasons
            return reasons.isEmpty ? .text(200, ["ok"]) : .text(503, reasons.map(Redactor.redact))
        },
        "/healthz": { pages in .json(200, pages.health.snapshot().redacted()) },
        "/metrics": { pages in
            HTTPPage(
                status: 200, contentType: PrometheusText.contentType,
                body: PrometheusText.render(pages.metrics.families()))
        },
    ]
}

extension HealthSnapshot {
    /// The same with every sentence through the redactor: what components report may quote what a peer sent.
    func redacted() -> HealthSnapshot {
        var copy = self
        copy.reasons = reasons.map(Redactor.redact)
        for key in ready.keys { copy.ready[key]?.reason = ready[key]?.reason.map(Redactor.redact) }
        for key in conditions.keys { copy.conditions[key]?.reason = conditions[key]?.reason.map(Redactor.redact) }
        for index in copy.connections.indices {
            copy.connections[index].lastError = copy.connections[index].lastError.map(Redactor.redact)
        }
        return copy
    }
}
