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

    /// The media type of a file's name.
    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "webmanifest": "application/manifest+json"
        default: "text/html; charset=utf-8"
        }
    }

    /// Every file, by its path. The page itself answers for the root.
    static let files: [File] = [
        file("", PackageResources.index_html),
        file("api.js", PackageResources.api_js),
        file("app.js", PackageResources.app_js),
        file("app.webmanifest", PackageResources.app_webmanifest),
        file("assessment.js", PackageResources.assessment_js),
        file("axis.js", PackageResources.axis_js),
        file("base.css", PackageResources.base_css),
        file("data.css", PackageResources.data_css),
        file("dialog.js", PackageResources.dialog_js),
        file("diff.js", PackageResources.diff_js),
        file("dom.js", PackageResources.dom_js),
        file("early.js", PackageResources.early_js),
        file("event-row.js", PackageResources.event_row_js),
        file("format.js", PackageResources.format_js),
        file("history.js", PackageResources.history_js),
        file("houses.js", PackageResources.houses_js),
        file("icon.svg", PackageResources.icon_svg),
        file("icons.js", PackageResources.icons_js),
        file("marks.js", PackageResources.marks_js),
        file("overview.js", PackageResources.overview_js),
        file("page-account.js", PackageResources.page_account_js),
        file("page-approval.js", PackageResources.page_approval_js),
        file("page-approvals.js", PackageResources.page_approvals_js),
        file("page-audit.js", PackageResources.page_audit_js),
        file("page-automation.js", PackageResources.page_automation_js),
        file("page-automations.js", PackageResources.page_automations_js),
        file("page-decisions.js", PackageResources.page_decisions_js),
        file("page-entities.js", PackageResources.page_entities_js),
        file("page-entity.js", PackageResources.page_entity_js),
        file("page-event.js", PackageResources.page_event_js),
        file("page-gaps.js", PackageResources.page_gaps_js),
        file("page-home.js", PackageResources.page_home_js),
        file("page-live.js", PackageResources.page_live_js),
        file("page-rules.js", PackageResources.page_rules_js),
        file("page-search.js", PackageResources.page_search_js),
        file("page-sign-in.js", PackageResources.page_sign_in_js),
        file("page-stops.js", PackageResources.page_stops_js),
        file("page-welcome.js", PackageResources.page_welcome_js),
        file("parts.css", PackageResources.parts_css),
        file("parts.js", PackageResources.parts_js),
        file("password.js", PackageResources.password_js),
        file("plot.js", PackageResources.plot_js),
        file("results.js", PackageResources.results_js),
        file("router.js", PackageResources.router_js),
        file("score.js", PackageResources.score_js),
        file("session.js", PackageResources.session_js),
        file("shell.js", PackageResources.shell_js),
        file("stops.js", PackageResources.stops_js),
        file("tail.js", PackageResources.tail_js),
        file("theme.js", PackageResources.theme_js),
        file("timeline.js", PackageResources.timeline_js),
    ]

    private static func file(_ name: String, _ content: [UInt8]) -> File {
        File(path: "/\(name)", type: type(of: name), content: content)
    }

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
